import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { toHex } from '#domain/bytes.ts';

/** Another process that takes commands over its IPC channel. Calls reject when the process dies. */
export interface RemoteProcess<Command extends string> {
  call<T>(command: Command, ...args: string[]): Promise<T>;
  kill(): void;
  /** Resolves with the signal that ended the process, or null. */
  readonly ended: Promise<NodeJS.Signals | null>;
}
export type RemoteNode = RemoteProcess<'address' | 'append' | 'dial' | 'ids' | 'linkTo' | 'inStep' | 'stop'>;

interface Reply {
  readonly id?: number;
  readonly value?: unknown;
  readonly error?: string;
}

export async function startRemoteNode(options: {
  readonly dir: string;
  readonly seed: Uint8Array;
  readonly killAt?: string;
  readonly listen?: string;
  readonly relay?: boolean;
  /** Network namespace to run in. */
  readonly namespace?: string;
  /** What libp2p logs of this; each line of it is handed on. */
  readonly log?: { readonly of: string; readonly onText: (text: string) => void };
}): Promise<RemoteNode> {
  const { namespace, log } = options;
  const child = fork(fileURLToPath(new URL('./test-process.ts', import.meta.url)), {
    ...(namespace === undefined
      ? { execArgv: [] }
      : { execPath: 'ip', execArgv: ['netns', 'exec', namespace, process.execPath] }),
    silent: log !== undefined,
    env: {
      ...process.env,
      GRIDPACT_TEST_DIR: options.dir,
      GRIDPACT_TEST_SEED: toHex(options.seed),
      GRIDPACT_KILL_AT: options.killAt ?? '',
      GRIDPACT_TEST_LISTEN: options.listen ?? '',
      GRIDPACT_TEST_RELAY: options.relay ? 'yes' : '',
      ...(log ? { DEBUG: log.of } : {}),
    },
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => log?.onText(text));
  return await driveProcess(child);
}

/** Resolves once the process says that it is ready, or has ended. */
export async function driveProcess<Command extends string>(child: ChildProcess): Promise<RemoteProcess<Command>> {
  const open = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let next = 0;
  const ended = new Promise<NodeJS.Signals | null>((resolve) => {
    child.once('exit', (_code, signal) => {
      for (const { reject } of open.values()) reject(new Error('the process ended'));
      resolve(signal);
    });
  });
  child.on('message', ({ id, value, error }: Reply) => {
    const waiting = open.get(id ?? -1);
    open.delete(id ?? -1);
    if (error === undefined) waiting?.resolve(value);
    else waiting?.reject(new Error(error));
  });
  await Promise.race([once(child, 'message'), ended]);
  return {
    call<T>(command: string, ...args: string[]) {
      const id = next++;
      return new Promise<T>((resolve, reject) => {
        if (!child.connected) return reject(new Error('the process ended'));
        open.set(id, { resolve: resolve as (value: unknown) => void, reject });
        child.send({ id, command, args });
      });
    },
    kill: () => child.kill('SIGKILL'),
    ended,
  };
}
