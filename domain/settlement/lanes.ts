/** Six lanes share one storage slot of the ledger; a payload is always whole slots. */
const LANES_PER_SLOT = 6;
const MAX_SLOTS = 1 << 20;
const MAX_WIDTH = 5;
const HEADER_BYTES = 4;
/** One more than the highest member index. */
export const LANE_COUNT = LANES_PER_SLOT * MAX_SLOTS;
/** What one lane of one batch can move, minor units: zig-zag in five bytes. */
export const LANE_MIN = -(2n ** 39n);
export const LANE_MAX = 2n ** 39n - 1n;

const zigZag = (delta: bigint): bigint => (delta < 0n ? -2n * delta - 1n : 2n * delta);
const unZigZag = (code: bigint): bigint => ((code & 1n) === 0n ? code >> 1n : -((code + 1n) >> 1n));
const slotOf = (member: number): number => Math.floor(member / LANES_PER_SLOT);

function widthOf(codes: Iterable<bigint>): number {
  let width = 1;
  for (const code of codes) while (code >> BigInt(8 * width) !== 0n) width += 1;
  return width;
}

/**
 * The ledger's payload of a batch: width (1 byte, 1..5) | first slot (3 bytes) | one zig-zag number of `width` bytes per
 * lane, big-endian, from the slot of the lowest to the slot of the highest index. No deltas give one slot of zeros.
 * @param deltas member index -> minor units, {@link LANE_MIN}..{@link LANE_MAX}; zeros count as absent
 * @throws RangeError on an index or a delta out of range
 */
export function packLanes(deltas: ReadonlyMap<number, bigint>): Uint8Array {
  const codes = new Map<number, bigint>();
  for (const [member, delta] of deltas) {
    if (!Number.isInteger(member) || member < 0 || member >= LANE_COUNT)
      throw new RangeError(`${member} is not a member index below ${LANE_COUNT}`);
    if (delta < LANE_MIN || delta > LANE_MAX)
      throw new RangeError(`member ${member}: ${delta} does not fit a lane (${LANE_MIN} to ${LANE_MAX})`);
    if (delta !== 0n) codes.set(member, zigZag(delta));
  }
  const slots = [...codes.keys()].map(slotOf);
  const first = slots.reduce((a, b) => Math.min(a, b), slots[0] ?? 0);
  const last = slots.reduce((a, b) => Math.max(a, b), first);
  const width = widthOf(codes.values());
  const bytes = new Uint8Array(HEADER_BYTES + (last - first + 1) * LANES_PER_SLOT * width);
  bytes.set([width, first >> 16, (first >> 8) & 0xff, first & 0xff]);
  for (const [member, code] of codes) {
    const end = HEADER_BYTES + (member - first * LANES_PER_SLOT + 1) * width;
    for (let i = 0; i < width; i++) bytes[end - 1 - i] = Number((code >> BigInt(8 * i)) & 0xffn);
  }
  return bytes;
}

/**
 * Reads a payload back: member index -> delta, without zeros.
 * @throws RangeError unless the bytes are exactly what {@link packLanes} makes of these deltas
 */
export function unpackLanes(bytes: Uint8Array): Map<number, bigint> {
  const [width = 0, high = 0, middle = 0, low = 0] = bytes;
  const first = (high << 16) | (middle << 8) | low;
  const body = bytes.length - HEADER_BYTES;
  const slotBytes = LANES_PER_SLOT * width;
  if (width < 1 || width > MAX_WIDTH || body < slotBytes || body % slotBytes !== 0)
    throw new RangeError('a lanes payload is a width of 1 to 5, a slot and whole slots of six lanes');
  const count = body / slotBytes;
  if (first + count > MAX_SLOTS) throw new RangeError(`a lanes payload ends at slot ${MAX_SLOTS} at most`);
  const deltas = new Map<number, bigint>();
  for (let lane = 0; lane < count * LANES_PER_SLOT; lane++) {
    let code = 0n;
    for (let i = 0; i < width; i++) code = (code << 8n) | BigInt(bytes[HEADER_BYTES + lane * width + i] ?? 0);
    if (code !== 0n) deltas.set(first * LANES_PER_SLOT + lane, unZigZag(code));
  }
  requireTight(bytes, deltas, { first, count, width });
  return deltas;
}

function requireTight(
  bytes: Uint8Array,
  deltas: ReadonlyMap<number, bigint>,
  found: { readonly first: number; readonly count: number; readonly width: number },
): void {
  const tight = packLanes(deltas);
  const same = tight.length === bytes.length && tight.subarray(0, HEADER_BYTES).every((byte, i) => byte === bytes[i]);
  if (!same)
    throw new RangeError(
      `a lanes payload must start and end at a slot that moves and use the smallest width (found ${found.count} slots from ${found.first}, width ${found.width})`,
    );
}
