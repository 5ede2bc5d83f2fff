import type { SegmentRef } from '#domain/village/state.ts';

/**
 * Which missing segments are asked for when. A device has a bounded number of places, so that one that announces what
 * nobody has costs a bounded amount of memory and of asking, and holds up no other device.
 */
export interface SoughtSegments {
  /** Those to ask for now, the newest day first; each is taken until it is given back. */
  take(missing: Iterable<Ref>): Sought[];
  /** It came. */
  arrived(ref: Ref): void;
  /** Nobody has it: it is asked for again later, each time after a longer wait. */
  absent(ref: Ref): void;
  /** It was not asked for after all. */
  giveBack(ref: Ref): void;
  /** Somebody new may have them: all that wait are due now. */
  allDue(): void;
  /** Nobody had it when it was last asked for. */
  isAbsent(ref: Ref): boolean;
  /** When there is something to take again, by the clock that was given; undefined: never. */
  nextDueMs(): number | undefined;
}
export interface Sought {
  readonly ref: SegmentRef;
  /** This disk was looked at for it before. */
  readonly isLooked: boolean;
}
type Ref = SegmentRef;

/** Segments of one device that are asked for at a time, whether somebody has them or not. */
const PLACES = 512;
/** Waits of a segment that nobody has, and between two walks through a longer list; the last one stays. */
const WAIT_MS = [5_000, 15_000, 60_000, 300_000, 600_000] as const;
const waitMs = (tries: number): number => WAIT_MS[Math.min(tries, WAIT_MS.length) - 1] ?? 0;

interface Place {
  readonly ref: Ref;
  isTaken: boolean;
  isLooked: boolean;
  tries: number;
  dueMs: number;
}
/** Where there are more than places, they are walked through, the newest announcement first, and what is new comes first. */
interface Device {
  readonly places: Map<string, Place>;
  newest: Ref | undefined;
  /** The walk came as far as this. */
  at: Ref | undefined;
  walks: number;
  nextWalkMs: number;
  /** Some have no place. */
  isLonger: boolean;
}

const byNewest = (a: Ref, b: Ref): number => b.atMs - a.atMs || (a.cid < b.cid ? 1 : -1);
const byNewestDay = (a: Ref, b: Ref): number => (a.day === b.day ? byNewest(a, b) : a.day < b.day ? 1 : -1);

/** @param nowMs a clock that only runs forward */
export function createSoughtSegments(nowMs: () => number): SoughtSegments {
  const devices = new Map<string, Device>();
  const find = ({ device, cid }: Ref): Place | undefined => devices.get(device)?.places.get(cid);
  const deviceOf = (id: string): Device => {
    const known = devices.get(id);
    if (known) return known;
    const made = { places: new Map(), newest: undefined, at: undefined, walks: 0, nextWalkMs: 0, isLonger: false };
    devices.set(id, made);
    return made;
  };
  return {
    take(missing) {
      const now = nowMs();
      const byDevice = Map.groupBy(missing, (ref) => ref.device);
      for (const id of devices.keys()) if (!byDevice.has(id)) byDevice.set(id, []);
      const taken: Sought[] = [];
      for (const [id, refs] of byDevice) {
        const device = deviceOf(id);
        givePlaces(device, refs, now);
        if (device.places.size === 0) devices.delete(id);
        for (const place of device.places.values()) {
          if (place.isTaken || place.dueMs > now) continue;
          taken.push({ ref: place.ref, isLooked: place.isLooked });
          place.isTaken = true;
          place.isLooked = true;
        }
      }
      return taken.sort((a, b) => byNewestDay(a.ref, b.ref));
    },
    arrived: (ref) => void devices.get(ref.device)?.places.delete(ref.cid),
    absent(ref) {
      const place = find(ref);
      if (!place) return;
      place.isTaken = false;
      place.tries += 1;
      place.dueMs = nowMs() + waitMs(place.tries);
    },
    giveBack(ref) {
      const place = find(ref);
      if (place) place.isTaken = false;
    },
    allDue() {
      for (const device of devices.values()) {
        device.nextWalkMs = 0;
        for (const place of device.places.values()) place.dueMs = 0;
      }
    },
    isAbsent: (ref) => (find(ref)?.tries ?? 0) > 0,
    nextDueMs() {
      let next = Number.POSITIVE_INFINITY;
      for (const { places, isLonger, nextWalkMs } of devices.values()) {
        if (isLonger) next = Math.min(next, nextWalkMs);
        for (const { isTaken, dueMs } of places.values()) if (!isTaken) next = Math.min(next, dueMs);
      }
      return Number.isFinite(next) ? next : undefined;
    },
  };
}

/** Gives the places of a device to those of its missing segments whose turn it is. */
function givePlaces(device: Device, missing: readonly Ref[], now: number): void {
  const { places } = device;
  const cids = new Set(missing.map(({ cid }) => cid));
  for (const [cid, { isTaken }] of places) if (!isTaken && !cids.has(cid)) places.delete(cid);
  const outside = missing.filter(({ cid }) => !places.has(cid)).sort(byNewest);
  device.isLonger = outside.length + places.size > PLACES;
  if (device.isLonger) walkOn(device, outside, now);
  else for (const ref of outside) addPlace(device, ref);
}

function walkOn(device: Device, outside: readonly Ref[], now: number): void {
  const { newest, at } = device;
  const fresh = newest ? outside.filter((ref) => byNewest(ref, newest) < 0) : [];
  const behind = outside.slice(fresh.length);
  const rest = at ? behind.filter((ref) => byNewest(ref, at) > 0) : behind;
  const queue = now < device.nextWalkMs ? fresh : [...fresh, ...rest];
  const room = makeRoom(device, queue.length);
  for (const ref of queue.slice(0, room)) addPlace(device, ref);
  const walked = queue.slice(fresh.length, room).at(-1);
  if (walked) device.at = walked;
  if (now < device.nextWalkMs || queue.length > room) return;
  device.at = undefined;
  device.walks += 1;
  device.nextWalkMs = now + waitMs(device.walks);
}

function addPlace(device: Device, ref: Ref): void {
  device.places.set(ref.cid, { ref, isTaken: false, isLooked: false, tries: 0, dueMs: 0 });
  if (!device.newest || byNewest(ref, device.newest) < 0) device.newest = ref;
}

/** Lets go of places of what nobody has, the longest sought first; answers how many are free of those that are needed. */
function makeRoom({ places }: Device, needed: number): number {
  const excess = places.size + needed - PLACES;
  const absent = [...places.values()].filter(({ isTaken, tries }) => !isTaken && tries > 0);
  for (const { ref } of absent.sort((a, b) => b.tries - a.tries).slice(0, Math.max(0, excess))) places.delete(ref.cid);
  return Math.min(needed, PLACES - places.size);
}
