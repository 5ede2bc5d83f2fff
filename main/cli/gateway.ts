import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Core } from '#core/core.ts';
import { AppError } from '#core/ports/errors.ts';
import { composeCore } from '#main/compose.ts';
import { createCoreClient } from '#main/core-client.ts';
import { defaultDataDir } from '#main/data-dir.ts';
import { noteRunning } from '#main/gateway/running.ts';
import { type Gateway, startGateway } from '#main/gateway/server.ts';
import { readTlsFiles, type TlsIdentity } from '#main/gateway/tls-files.ts';
import { findRendererRoot } from '#main/renderer-root.ts';
import {
  type CommandCall,
  type CommandIo,
  type OptionValues,
  readInteger,
  readList,
  readText,
  UsageError,
} from './command.ts';
import { readKeyHolder } from './key-holder.ts';
import { openBrowser } from './open-browser.ts';
import { formatPairing } from './pairing-text.ts';

const DEFAULT_PORT = 4646;

export async function runGateway({ values, io }: CommandCall): Promise<number> {
  const port = readInteger(values, 'port', { min: 0, max: 65_535 });
  const tls = readTls(values);
  const dataDir = readText(values, 'data') ?? defaultDataDir();
  const keyHolder = readKeyHolder(values);
  const core = await composeCore({
    dataDir,
    host: 'gateway',
    listen: readList(values, 'listen'),
    mdns: values['no-mdns'] !== true,
    relay: values['relay'] === true,
    log: (line) => io.note(line),
    ...keyHolder,
  });
  try {
    const gateway = await openGateway({ core, dataDir: join(dataDir, 'gateway'), port, tls });
    await serve(core, gateway, { dataDir, values, io });
  } finally {
    await core.stop();
  }
  return 0;
}

/** Serves until asked to end. */
async function serve(
  core: Core,
  gateway: Gateway,
  { dataDir, values, io }: { dataDir: string; values: OptionValues; io: CommandIo },
): Promise<void> {
  const running = noteRunning(join(dataDir, 'gateway'), gateway.url);
  const printCode = (): string => {
    const pairing = gateway.issueCode();
    io.print(formatPairing({ url: gateway.url, ...pairing }));
    return pairing.link;
  };
  const onAskedForCode = (): void => void printCode();
  try {
    // the only signal a person can send for this; Windows has none and uses the pair command. Before the first line is
    // out, for whoever reads it may send the signal at once, and unheard it would end the process.
    if (process.platform !== 'win32') process.on('SIGUSR2', onAskedForCode);
    io.print('Gridpact is running.');
    const link = printCode();
    io.print('Ctrl+C ends it. A new code: gridpact pair');
    if (values['open-demo'] === true) await createCoreClient(core).villages.startDemo({ commandId: randomUUID() });
    if (values['open'] === true) openBrowser(link);
    await aborted(io.signal);
  } finally {
    process.off('SIGUSR2', onAskedForCode);
    running.forget();
    await gateway.stop();
  }
}

/** Without a wish for a port, any free one does when the usual one is taken. */
async function openGateway(options: {
  readonly core: Core;
  readonly dataDir: string;
  readonly port: number | undefined;
  readonly tls: TlsIdentity | undefined;
}): Promise<Gateway> {
  const { core, dataDir, port = DEFAULT_PORT, tls } = options;
  const root = findRendererRoot();
  const common = { core, root, dataDir, ...(tls ? { tls, host: '0.0.0.0' } : {}) };
  try {
    return await startGateway({ ...common, port });
  } catch (error) {
    const taken = error instanceof AppError && error.data['reason'] === 'EADDRINUSE';
    if (!taken || options.port !== undefined) throw error;
    return await startGateway({ ...common, port: 0 });
  }
}

function readTls(values: OptionValues): TlsIdentity | undefined {
  const [cert, key] = [readText(values, 'tls-cert'), readText(values, 'tls-key')];
  const lan = values['lan'] === true;
  if (lan && (cert === undefined || key === undefined)) {
    throw new UsageError(
      '--lan shows this console to the local network and needs --tls-cert FILE and --tls-key FILE: a certificate that names this gateway.',
    );
  }
  if (!lan && (cert !== undefined || key !== undefined)) {
    throw new UsageError('--tls-cert and --tls-key belong to --lan; on loopback nothing leaves this machine.');
  }
  return cert !== undefined && key !== undefined ? readTlsFiles(cert, key) : undefined;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
