import * as z from 'zod';
import { concat, decode, encode, type Sha256, sha256, toHex } from '../bytes.ts';
import { bytesOf, hash32Schema, villageSchema } from '../ids.ts';
import { GROWN_KINDS, type GrownKind } from './grown.ts';
import { groupsFor } from './snapshot-groups.ts';

/** What one part carries: well below what every way of blocks carries. */
const PART_BYTES = 1024 * 1024;
/** The most that a block of a snapshot takes, its root too. */
export const MAX_BLOCK_BYTES = PART_BYTES + 8;
const MAX_PARTS = 64;
const BASE_BYTES = 64 * 1024 * 1024;
const MONTH_BYTES = 16 * 1024 * 1024;

/** A village that is so many months old needs far less. */
export const maxSnapshotBytes = (months: number): number => BASE_BYTES + Math.max(0, months) * MONTH_BYTES;

const partSchema = z
  .tuple([bytesOf(32), z.int().min(1).max(MAX_BLOCK_BYTES)])
  .transform(([digest, bytes]) => ({ digest, bytes }));
/** A block by its digest, and its size. */
export type Part = z.infer<typeof partSchema>;
/** Bytes cut into blocks, in order. */
const partsSchema = z.array(partSchema).min(1).max(MAX_PARTS);

const grownSchema = z.strictObject({ items: z.int().min(0), groups: z.array(partsSchema) });
const rootSchema = z.strictObject({
  type: z.literal('gridpact snapshot'),
  v: z.literal(1),
  village: villageSchema,
  settled: hash32Schema,
  live: partsSchema,
  grown: z
    .strictObject(
      Object.fromEntries(GROWN_KINDS.map((kind) => [kind, grownSchema])) as Record<GrownKind, typeof grownSchema>,
    )
    .refine((grown) => GROWN_KINDS.every((kind) => grown[kind].groups.length === groupsFor(kind, grown[kind].items))),
});

/** Names every block of a snapshot in order. */
export interface SnapshotRoot {
  readonly village: string;
  readonly settled: string;
  readonly live: readonly Part[];
  readonly grown: Readonly<
    Record<GrownKind, { readonly items: number; readonly groups: readonly (readonly Part[])[] }>
  >;
}

/** Bytes as blocks of a bounded size. */
export function cutBytes(bytes: Uint8Array): Uint8Array[] {
  const blocks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += PART_BYTES) blocks.push(encode(bytes.slice(at, at + PART_BYTES)));
  return blocks;
}
export const partsOfBytes = (bytes: Uint8Array, hash: Sha256): Part[] =>
  cutBytes(bytes).map((block) => ({ digest: hash(block), bytes: block.length }));

/** What {@link cutBytes} cut; each block was checked against its digest. Undefined where they were not made by it. */
export function joinBlocks(blocks: readonly Uint8Array[]): Uint8Array | undefined {
  try {
    const inside = blocks.map((block) => decode(block));
    const isCut = inside.every(
      (part, i): part is Uint8Array =>
        part instanceof Uint8Array && (i === blocks.length - 1 ? part.length > 0 : part.length === PART_BYTES),
    );
    return isCut ? concat(...inside) : undefined;
  } catch {
    return undefined;
  }
}

const pairsOf = (parts: readonly Part[]) => parts.map(({ digest, bytes }) => [digest, bytes]);

export function writeSnapshotRoot({ village, settled, live, grown }: SnapshotRoot): Uint8Array {
  const kinds = GROWN_KINDS.map((kind) => {
    const { items, groups } = grown[kind];
    return [kind, { items, groups: groups.map(pairsOf) }];
  });
  return encode({
    type: 'gridpact snapshot',
    v: 1,
    village,
    settled,
    live: pairsOf(live),
    grown: Object.fromEntries(kinds),
  });
}

/** What a root from outside names; undefined where it is none. Never throws. */
export function readSnapshotRoot(block: Uint8Array): SnapshotRoot | undefined {
  try {
    const parsed = rootSchema.safeParse(block.length <= MAX_BLOCK_BYTES ? decode(block) : undefined);
    return parsed.data;
  } catch {
    return undefined;
  }
}

/** Every block but the root, once. */
export function allParts({ live, grown }: SnapshotRoot): Part[] {
  const parts = [live, ...GROWN_KINDS.flatMap((kind) => grown[kind].groups)].flat();
  return [...new Map(parts.map((part) => [toHex(part.digest), part])).values()];
}

export const snapshotHash = (block: Uint8Array): string => `0x${toHex(sha256(block))}`;
