import { multiaddr } from '@multiformats/multiaddr';
import type { SignedRecord } from '#domain/books/record.ts';
import { peakMbOf } from '../peak-memory.ts';
import { answer, readInput, secondsSince } from './answer.ts';
import { openStockLog, startStockNode } from './stock-node.ts';
import { digestOf } from './test-records.ts';

const { dir, address, log } = readInput<{ address: string; log: string }>();
const node = await startStockNode(dir, 'reader');

const startMs = performance.now();
await node.libp2p.dial(multiaddr(address));
const db = await openStockLog<SignedRecord>(node, log);
// the head is announced when everything before it has been joined
await new Promise<void>((resolve) => db.events.on('update', () => resolve()));
const seconds = secondsSince(startMs);

const stored: SignedRecord[] = [];
for await (const { value } of db.iterator()) stored.push(value);
await answer({ seconds, peakMb: peakMbOf('self'), digest: digestOf(stored) }, () => node.stop());
