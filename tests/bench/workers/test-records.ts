import { createHash } from 'node:crypto';
import type { SignedRecord } from '#domain/books/record.ts';
import { createTestDevice, type TestDevice } from '#p2p/test-village.ts';

export const BOOK = 'assets';

/** About what an act of a person weighs in the books. */
const BODY_LETTERS = 160;

/** Signed records of one device, made before any clock runs: both sides store the very same bytes. */
export function makeRecords(count: number): { device: TestDevice; records: SignedRecord[] } {
  const device = createTestDevice();
  const records = Array.from({ length: count }, (_, i) =>
    device.write(BOOK, { number: i, note: String(i).padEnd(BODY_LETTERS, '.') }),
  );
  return { device, records };
}

/** Splits into entries of `size` records, in order. */
export function groupRecords(records: readonly SignedRecord[], size: number): SignedRecord[][] {
  return Array.from({ length: Math.ceil(records.length / size) }, (_, i) => records.slice(i * size, (i + 1) * size));
}

/** One digest of a set of records, whatever their order. */
export function digestOf(records: Iterable<SignedRecord>): string {
  const ids = [...records].map(({ bytes, sig }) => createHash('sha256').update(bytes).update(sig).digest('hex'));
  return createHash('sha256').update(ids.sort().join()).digest('hex');
}
