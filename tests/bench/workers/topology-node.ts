import { subscribe } from 'node:diagnostics_channel';
import { createRecordIndex, knownRecord } from '#core/village/record-index.ts';
import type { SignedRecord } from '#domain/books/record.ts';
import { ENTRIES_SENT } from '#p2p/entry-sender.ts';
import { addressOf, startTestNode } from '#p2p/test-village.ts';
import { peakMbOf } from '../peak-memory.ts';
import { BOOK, digestOf, makeRecords } from './test-records.ts';

/** One console of a topology, in a process of its own; told what to do over the IPC channel. */
export interface TopologyInput {
  readonly dir: string;
  /** Records it writes while it is apart. */
  readonly perNode: number;
  readonly total: number;
}
export type TopologyCommand = 'address' | 'dial' | 'part' | 'write' | 'meet' | 'complete' | 'finish' | 'stop';

/** What a console tells after it has everything. */
export interface TopologyEnd {
  readonly digest: string;
  readonly entriesSent: number;
  /** Since it met the others again. */
  readonly cpuSeconds: number;
  readonly peakMb: number | null;
}

const { dir, perNode, total } = JSON.parse(process.argv[2] ?? '{}') as TopologyInput;
const { device, records } = makeRecords(perNode);
const node = await startTestNode({ device, dir });
/** The node verifies entries and records; a console also opens every record, so that belongs to the price. */
const index = createRecordIndex({ recordBytes: () => undefined, settledRecords: () => 0 });
const whole = Promise.withResolvers<number>();
node.subscribe((event) => {
  if (event.type !== 'records') return;
  index.add(event.records.flatMap(({ bytes }) => knownRecord(bytes) ?? []));
  if (index.size >= total) whole.resolve(nowMs());
});
let entriesSent = 0;
subscribe(ENTRIES_SENT, (entries) => {
  entriesSent += Number(entries);
});
let cpuBefore = process.cpuUsage();

/** Of the machine, not of this process: all consoles read the same clock. */
const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6;
const until = (isSo: () => boolean): Promise<void> =>
  new Promise((resolve) => {
    const stop = node.subscribe(() => {
      if (!isSo()) return;
      stop();
      resolve();
    });
    if (isSo()) resolve();
  });
/** The heads of all books are those of every neighbour. */
const isInStep = (): boolean => node.peers().every((peer) => !peer.connected || peer.inStep);

const commands: Record<TopologyCommand, (address: string) => unknown> = {
  address: () => addressOf(node),
  async dial(address) {
    // Both sides may dial at once, and one of the connections gives way.
    const dialled = node.dial(address).catch(() => undefined);
    const peer = address.slice(address.lastIndexOf('/') + 1);
    await until(() => node.peers().some((p) => p.peer === peer && p.connected));
    const linkedMs = nowMs();
    await dialled;
    return linkedMs;
  },
  part: () => node.setOnline(false),
  write: () => Promise.all(records.map((record) => node.append(BOOK, [record]))).then(() => undefined),
  async meet() {
    cpuBefore = process.cpuUsage();
    await node.setOnline(true);
    return nowMs();
  },
  complete: () => whole.promise,
  async finish(): Promise<TopologyEnd> {
    const { user, system } = process.cpuUsage(cpuBefore);
    await until(isInStep);
    const stored: SignedRecord[] = [];
    for await (const chunk of node.scan(BOOK)) stored.push(...chunk);
    const cpuSeconds = (user + system) / 1e6;
    return { digest: digestOf(stored), entriesSent, cpuSeconds, peakMb: peakMbOf('self') };
  },
  stop: () => node.stop(),
};

process.once('disconnect', () => process.exit(1));
process.on('message', ({ id, command, args }: { id: number; command: TopologyCommand; args: string[] }) => {
  const run = async (): Promise<unknown> => commands[command](args[0] ?? '');
  run().then(
    (value) => process.send?.({ id, value }, undefined, undefined, () => command === 'stop' && process.exit(0)),
    (error: unknown) => process.send?.({ id, error: String(error) }),
  );
});
process.send?.({ ready: true });
