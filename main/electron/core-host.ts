import { type MessagePortMain, type UtilityProcess, utilityProcess } from 'electron';
import { AppError } from '#core/ports/errors.ts';
import { fromCore, type ToCore } from '#main/core-process/messages.ts';

export interface CoreHostOptions {
  /** Built core-process.js. */
  readonly modulePath: string;
  readonly dataDir: string;
  /** Secret the data key is made from; null where safe storage is missing. */
  readonly passphrase: string | null;
  /** The running core ended without being asked to. */
  readonly onCrash: () => void;
}

/** The core in a process of its own. */
export interface CoreHost {
  /** Hands one end of a fresh channel to the core. */
  connect(port: MessagePortMain): void;
  stop(): Promise<void>;
}

const STOP_GRACE_MS = 10_000;

/** Resolves when the core is ready; throws with its own words when it cannot start. */
export async function startCoreHost({ modulePath, dataDir, passphrase, onCrash }: CoreHostOptions): Promise<CoreHost> {
  const child = utilityProcess.fork(modulePath, [], { serviceName: 'Gridpact core' });
  const post = (message: ToCore, ports: MessagePortMain[] = []): void => child.postMessage(message, ports);
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let state: 'starting' | 'running' | 'stopping' = 'starting';
  child.once('exit', () => {
    if (state === 'running') onCrash();
  });
  post({ type: 'start', dataDir, passphrase });
  await answerToStart(child, exited);
  state = 'running';
  return {
    connect: (port) => post({ type: 'connect' }, [port]),
    async stop() {
      state = 'stopping';
      post({ type: 'stop' });
      const timer = setTimeout(() => child.kill(), STOP_GRACE_MS);
      await exited;
      clearTimeout(timer);
    },
  };
}

async function answerToStart(child: UtilityProcess, exited: Promise<void>): Promise<void> {
  const answered = new Promise<unknown>((resolve) => child.once('message', resolve));
  const died = exited.then(() => ({ type: 'failed', message: 'The core ended before it was ready.' }));
  const answer = fromCore.parse(await Promise.race([answered, died]));
  if (answer.type === 'ready') return;
  child.kill();
  throw new AppError('INTERNAL', answer.message);
}
