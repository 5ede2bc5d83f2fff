import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { driveProcess, type RemoteProcess } from '#p2p/test-remote.ts';
import type { TestNetwork } from './namespaces.ts';

export type RemoteConsole = RemoteProcess<
  | 'found'
  | 'invite'
  | 'join'
  | 'address'
  | 'dial'
  | 'note'
  | 'notes'
  | 'addMeter'
  | 'seal'
  | 'standing'
  | 'secrets'
  | 'revoke'
  | 'refused'
  | 'verdict'
  | 'cost'
  | 'stop'
>;

/** What a console says of itself. */
export interface Standing {
  readonly records: number;
  readonly members: number;
  readonly stateHash: string;
  readonly onHold: number;
  /** Segments whose readings were checked and opened. */
  readonly verified: number;
  readonly connected: number;
}

export interface ConsoleOptions {
  readonly network: TestNetwork;
  readonly host: string;
  readonly dir: string;
  /** How far its clock is off. */
  readonly clockOffsetMs: number;
}

const PROGRAM = fileURLToPath(new URL('./console-process.ts', import.meta.url));

/** A console in a process of its own on this host. */
export async function startLocalConsole(options: {
  readonly dir: string;
  /** Of its own records one device may hand over so many. */
  readonly ownRecords: number;
}): Promise<RemoteConsole> {
  const child = fork(PROGRAM, {
    execArgv: [],
    env: {
      ...process.env,
      GRIDPACT_TEST_DIR: options.dir,
      GRIDPACT_TEST_LISTEN: '/ip4/127.0.0.1/tcp/0',
      GRIDPACT_TEST_OWN_RECORDS: String(options.ownRecords),
    },
  });
  return await driveProcess(child);
}

/** A console on a host of its own; it listens on all addresses the host has. */
export async function startRemoteConsole({
  network,
  host,
  dir,
  clockOffsetMs,
}: ConsoleOptions): Promise<RemoteConsole> {
  const child = fork(PROGRAM, {
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
