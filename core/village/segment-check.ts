import { openBytes, type SealingKey } from '#core/crypto/aead.ts';
import { nativeSha256 } from '#core/crypto/native-sha256.ts';
import { verifyEd25519 } from '#core/ports/ed25519.ts';
import type { CheckedSegment, LockedFrames, SegmentChain, StoredFrame } from '#core/storage/segment-tables.ts';
import { equalBytes, fromHex, toHex } from '#domain/bytes.ts';
import { frameAad, frameLeaf, frameMessages, type SealedFrame, type Segment } from '#domain/metering/frame.ts';
import { type FrameHead, readFrameHead, readSegment } from '#domain/metering/frame-reader.ts';
import { frameRoot } from '#domain/proof/merkle.ts';
import type { SegmentRef } from '#domain/village/state.ts';

export interface CheckedAgainst {
  readonly village: string;
  readonly keys: { readonly get: (id: string) => SealingKey | undefined };
}

export interface SegmentJob {
  readonly ref: Pick<SegmentRef, 'cid' | 'device' | 'day' | 'prev' | 'frames' | 'root' | 'record'>;
  /** Its bytes are those of the CID: the node that read it saw to that. */
  readonly block: Uint8Array;
  /** Open only frames under these keys: the others were opened, and their signatures checked, before. */
  readonly only: readonly string[] | null;
}

class BadSegment extends Error {}

/**
 * Checks a segment's block against what its record announced, and opens the frames this device has keys for. The one
 * place where a segment is judged: what it says is a function of the announcement, the block and the keys alone.
 */
export function checkSegment(against: CheckedAgainst, { ref, block, only }: SegmentJob): CheckedSegment {
  const { cid } = ref;
  const base = { cid, bytes: block.length };
  const { device, prev } = ref;
  try {
    const segment = readAnnounced(against.village, ref, block);
    return {
      ...base,
      state: 'verified',
      reason: '',
      against: null,
      ...openFrames(against, cid, segment, only && new Set(only)),
    };
  } catch (e) {
    if (!(e instanceof BadSegment)) throw e;
    const against = { device: deviceIn(block), announcement: ref.record };
    return {
      ...base,
      state: 'bad',
      reason: e.message,
      against,
      frames: [],
      locked: [],
      chain: { device, prev, frames: [] },
    };
  }
}

/** The device that a block names; '' where it names none. */
function deviceIn(block: Uint8Array): string {
  try {
    return readSegment(block).device;
  } catch {
    return '';
  }
}

function readAnnounced(village: string, ref: SegmentJob['ref'], block: Uint8Array): Segment {
  let segment: Segment;
  try {
    segment = readSegment(block);
  } catch {
    throw new BadSegment('the block is not a segment');
  }
  const { device, day, prev, frames } = segment;
  if (segment.village !== village || device !== ref.device || day !== ref.day || prev !== ref.prev)
    throw new BadSegment('the block is not the announced segment');
  if (
    frames.length !== ref.frames ||
    !equalBytes(
      frameRoot(
        frames.map((f) => f.leaf),
        nativeSha256,
      ),
      ref.root,
    )
  )
    throw new BadSegment('the frames are not the announced ones');
  return segment;
}

function openFrames(
  { village, keys }: CheckedAgainst,
  cid: string,
  { device, prev, frames }: Segment,
  only: ReadonlySet<string> | null,
): Pick<CheckedSegment, 'frames' | 'locked' | 'chain'> {
  const signer = fromHex(device);
  const messageOf = frameMessages(village, nativeSha256);
  const opened: StoredFrame[] = [];
  const locked = new Map<string, LockedFrames>();
  const links: SegmentChain['frames'][number][] = [];
  /** Of each meter the newest leaf; null where a frame stayed closed, which tells not whether it is in the chain. */
  const leaves = new Map<string, Uint8Array | null>();
  const store = roomFor(frames);
  for (const sealed of frames) {
    const key = keys.get(sealed.key);
    if (!key) {
      const { meter, key: id } = sealed;
      const at = `${meter}${id}`;
      const { frames: n, leaves: before } = locked.get(at) ?? { frames: 0, leaves: '' };
      locked.set(at, { meter, key: id, frames: n + 1, leaves: before + toHex(sealed.leaf) });
      leaves.set(meter, null);
      continue;
    }
    if (only && !only.has(sealed.key)) {
      leaves.set(sealed.meter, null);
      continue;
    }
    const head = openFrame(sealed, key, device);
    // A gateway reads a meter in one chain; what people enter or import hangs beside it.
    if (head.origin === 'gateway') {
      const before = leaves.get(head.meter);
      if (before && !(head.prev && equalBytes(head.prev, before)))
        throw new BadSegment(`the frames of ${head.meter} do not follow one another`);
      leaves.set(head.meter, sealed.leaf);
      const follows = head.prev && toHex(head.prev);
      links.push({ meter: head.meter, key: sealed.key, prev: follows, leaf: toHex(sealed.leaf) });
    }
    opened.push({
      segment: cid,
      meter: head.meter,
      fromMs: head.fromMs,
      stepMs: head.stepMs,
      intervals: head.intervals,
      signatureOk: verifyEd25519(sealed.sig, signer, messageOf(sealed.leaf)),
      key: sealed.key,
      sealed: store(sealed),
    });
  }
  return { frames: opened, locked: [...locked.values()], chain: { device, prev, frames: links } };
}

/** Copies what is stored of each frame into one buffer, which can move between threads, and does not hold the block. */
function roomFor(frames: readonly SealedFrame[]): (frame: SealedFrame) => Uint8Array {
  const all = new Uint8Array(frames.reduce((n, { iv, box }) => n + iv.length + box.length, 0));
  let end = 0;
  return ({ iv, box }) => {
    const at = end;
    all.set(iv, at);
    all.set(box, at + iv.length);
    end = at + iv.length + box.length;
    return all.subarray(at, end);
  };
}

function openFrame(sealed: SealedFrame, key: SealingKey, device: string): FrameHead {
  const plain = openBytes(key, sealed, frameAad(sealed.meter, sealed.key));
  if (!plain || !equalBytes(frameLeaf(plain, nativeSha256), sealed.leaf))
    throw new BadSegment(`the frame of ${sealed.meter} does not open`);
  let head: FrameHead;
  try {
    head = readFrameHead(plain);
  } catch {
    throw new BadSegment(`the frame of ${sealed.meter} is unreadable`);
  }
  if (head.meter !== sealed.meter || head.gateway !== device)
    throw new BadSegment(`a frame of ${sealed.meter} is of another meter`);
  return head;
}
