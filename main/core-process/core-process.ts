import { RPCHandler } from '@orpc/server/message-port';
import type { Core } from '#core/core.ts';
import { AppError } from '#core/ports/errors.ts';
import { composeCore } from '#main/compose.ts';
import { type FromCore, type ToCore, toCore } from './messages.ts';

const { parentPort } = process;
const answer = (message: FromCore): void => parentPort.postMessage(message);
let starting: Promise<Core> | undefined;

parentPort.on('message', ({ data, ports }) => {
  void obey(toCore.parse(data), ports[0]);
});

async function obey(message: ToCore, port: Electron.MessagePortMain | undefined): Promise<void> {
  switch (message.type) {
    case 'start':
      starting ??= start(message);
      await starting.then(
        () => answer({ type: 'ready' }),
        (error: unknown) => answer({ type: 'failed', message: explain(error) }),
      );
      break;
    case 'connect':
      if (port) await connect(port);
      break;
    case 'stop':
      await (await starting?.catch(() => undefined))?.stop();
      process.exit(0);
  }
}

function start({ dataDir, passphrase }: Extract<ToCore, { type: 'start' }>): Promise<Core> {
  return composeCore({
    dataDir,
    host: 'electron',
    listen: [],
    mdns: true,
    log: (line) => process.stderr.write(`${line}\n`),
    ...(passphrase === null ? {} : { passphrase, passphraseKeeper: 'safe-storage' as const }),
  });
}

async function connect(port: Electron.MessagePortMain): Promise<void> {
  const core = await starting;
  if (!core) return port.close();
  new RPCHandler(core.router).upgrade(port, { context: core.context({ kind: 'operator' }) });
  port.start();
}

/** An AppError already says what, where and what to do. */
function explain(error: unknown): string {
  if (error instanceof AppError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
