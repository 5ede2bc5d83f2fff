import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { driveProcess, type RemoteProcess } from '#p2p/test-remote.ts';
import type { TestNetwork } from './namespaces.ts';

export type RemoteConsole = RemoteProcess<'found' | 'invite' | 'join' | 'dial' | 'note' | 'standing' | 'stop'>;

/** What a console says of itself. */
export interface Standing {
  readonly records: number;
  readonly members: number;
  readonly stateHash: string;
  readonly onHold: number;
  readonly connected: number;
}

export interface ConsoleOptions {
  readonly network: TestNetwork;
  readonly host: string;
  readonly dir: string;
  /** How far its clock is off. */
  readonly clockOffsetMs: number;
}

/** A console on a host of its own; it listens on all addresses the host has. */
export async function startRemoteConsole({
  network,
  host,
  dir,
  clockOffsetMs,
}: ConsoleOptions): Promise<RemoteConsole> {
  const child = fork(fileURLToPath(new URL('./console-process.ts', import.meta.url)), {
    execPath: 'ip',
    execArgv: [...network.inside(host), process.execPath],
    env: {
      ...process.env,
      GRIDPACT_TEST_DIR: dir,
      GRIDPACT_TEST_LISTEN: '/ip4/0.0.0.0/tcp/4701',
      GRIDPACT_CLOCK_OFFSET_MS: String(clockOffsetMs),
    },
  });
  return await driveProcess(child);
}
