import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import {
  createGateway,
  type Desk,
  expectedOf,
  keysOf,
  meterIds,
  OTHER_GATEWAY,
  openDesk,
  type Sealed,
  shortOf,
} from './chain-fixture.ts';
import { GATEWAY } from './segment-fixture.ts';

const METERS = ['home', 'mill'];
/** From the end of January into March. */
const DAYS = 40;
const KEYS = keysOf(METERS, DAYS);

const open: Desk[] = [];
const closeDesks = async (): Promise<void> => {
  for (const desk of open.splice(0)) await desk.close();
};
afterEach(closeDesks);
async function deskWith(keys: readonly string[] = KEYS): Promise<Desk> {
  const desk = await openDesk();
  open.push(desk);
  desk.learn(keys);
  return desk;
}
/** What a console tells that took these, announced all, one by one in the order of `order`. */
async function toldOf(sealed: readonly Sealed[], order: readonly Sealed[] = sealed) {
  const desk = await deskWith();
  desk.announce(...sealed);
  for (const s of order) desk.take(s);
  return shortOf(await desk.watch.look(), sealed);
}
const bothWays = async (sealed: readonly Sealed[]) => {
  const told = await toldOf(sealed);
  expect(await toldOf(sealed, [...sealed].reverse())).toEqual(told);
  return told;
};
const days = (n: number): number[] => Array.from({ length: n }, (_, day) => day);

describe('the chain of a gateway', () => {
  test('that is whole is told nothing of, over days and months, and is one row a meter', async () => {
    const gateway = createGateway();
    const sealed = days(DAYS).map((day) => gateway.seal(day, day % 3 === 0 ? ['home'] : METERS));
    expect(await bothWays(sealed)).toEqual([]);
    for (const desk of open) {
      expect(desk.store.openChains(10)).toEqual([]);
      for (const meter of [...meterIds(...METERS), '']) expect(desk.store.chainRuns(GATEWAY.id, meter)).toHaveLength(1);
    }
  });

  test('from which a frame was taken out is told of, with the meter and the day after', async () => {
    const gateway = createGateway();
    const sealed = days(6).map((day) =>
      day === 3 ? gateway.seal(day, ['home'], ['mill']) : gateway.seal(day, METERS),
    );
    expect(await bothWays(sealed)).toEqual([
      { kind: 'missing', device: GATEWAY.id, at: [4], meters: meterIds('mill') },
    ]);
  });

  test('of which a whole day was held back is told of once, with all its meters', async () => {
    const gateway = createGateway();
    const sealed = days(6).map((day) => gateway.seal(day, METERS));
    const announced = sealed.filter((_, day) => day !== 2);
    expect(await bothWays(announced)).toEqual([
      { kind: 'missing', device: GATEWAY.id, at: [2], meters: meterIds(...METERS) },
    ]);
  });

  test('in which a day was rewritten shows both that go on from the same place', async () => {
    const gateway = createGateway();
    const sealed = days(3).map((day) => gateway.seal(day, METERS));
    const { prev, leaves } = gateway.ends();
    sealed.push(gateway.seal(3, METERS), gateway.seal(4, METERS));
    gateway.goOnFromSegment(prev);
    for (const [meter, leaf] of leaves) gateway.goOnFrom(meter, leaf);
    sealed.push(gateway.seal(3, METERS), gateway.seal(5, METERS));
    expect(await bothWays(sealed)).toEqual([
      { kind: 'fork', device: GATEWAY.id, at: [3, 5], meters: meterIds(...METERS) },
    ]);
  });

  test('in which only the frames of a meter were rewritten shows both', async () => {
    const gateway = createGateway();
    const sealed = [gateway.seal(0, METERS)];
    const { leaves } = gateway.ends();
    sealed.push(gateway.seal(1, METERS), gateway.seal(2, METERS));
    gateway.goOnFrom('mill', leaves.get('mill') ?? null);
    sealed.push(gateway.seal(3, METERS));
    expect(await bothWays(sealed)).toEqual([
      { kind: 'fork', device: GATEWAY.id, at: [1, 3], meters: meterIds('mill') },
    ]);
  });

  test('that begins a second time shows both beginnings', async () => {
    const gateway = createGateway();
    const sealed = [gateway.seal(0, ['home']), gateway.seal(1, ['home'])];
    gateway.goOnFrom('home', null);
    sealed.push(gateway.seal(2, ['home']));
    expect(await bothWays(sealed)).toEqual([
      { kind: 'fork', device: GATEWAY.id, at: [0, 2], meters: meterIds('home') },
    ]);
  });

  test('that goes on from another gateway is told of: a frame, and a segment', async () => {
    const [gateway, other] = [createGateway(), createGateway(OTHER_GATEWAY)];
    const sealed = [gateway.seal(0, METERS), other.seal(0, ['home'])];
    gateway.goOnFrom('home', other.ends().leaves.get('home') ?? null);
    sealed.push(gateway.seal(1, METERS));
    gateway.goOnFromSegment(other.ends().prev);
    sealed.push(gateway.seal(2, METERS));
    expect(await bothWays(sealed)).toEqual([
      { kind: 'foreign', device: GATEWAY.id, at: [2], meters: meterIds('home') },
      { kind: 'foreign', device: GATEWAY.id, at: [3], meters: [] },
    ]);
  });

  test('of which some days are not here yet is told nothing of, and what is rewritten among the others is', async () => {
    const gateway = createGateway();
    const sealed = days(8).map((day) => gateway.seal(day, METERS));
    const { leaves } = gateway.ends();
    sealed.push(gateway.seal(8, METERS));
    gateway.goOnFrom('home', leaves.get('home') ?? null);
    sealed.push(gateway.seal(9, METERS));
    const desk = await deskWith();
    desk.announce(...sealed);
    for (const day of [8, 6, 5, 1]) desk.take(sealed[day] as Sealed);
    expect(await desk.watch.look()).toEqual([]);
    desk.setFetching(true);
    desk.take(sealed[9] as Sealed);
    expect(await desk.watch.look()).toEqual([]);
    desk.setFetching(false);
    expect(shortOf(await desk.watch.look(), sealed)).toEqual([
      { kind: 'fork', device: GATEWAY.id, at: [8, 9], meters: meterIds('home') },
    ]);
  });

  test('is followed past frames that stay closed, and through them once their key comes', async () => {
    const gateway = createGateway();
    const sealed = days(DAYS).map((day) =>
      day === 10 ? gateway.seal(day, ['home'], ['mill']) : gateway.seal(day, METERS),
    );
    const february = KEYS.filter((name) => name.endsWith('02'));
    const desk = await deskWith(KEYS.filter((name) => !february.includes(name)));
    desk.announce(...sealed);
    desk.take(...[...sealed].reverse());
    expect(await desk.watch.look()).toEqual([]);
    desk.learn(february);
    expect(shortOf(await desk.watch.look(), sealed)).toEqual([
      { kind: 'missing', device: GATEWAY.id, at: [11], meters: meterIds('mill') },
    ]);
  });

  test('goes on where the frame that is followed comes later than who follows it, and closed', async () => {
    const gateway = createGateway();
    const sealed = [3, 4, 5, 6].map((day) => gateway.seal(day, METERS));
    const desk = await deskWith(KEYS.filter((name) => name !== 'home 2026-01'));
    desk.announce(...sealed);
    desk.take(...[1, 3].map((at) => sealed[at] as Sealed));
    expect(await desk.watch.look()).toEqual([]);
    desk.take(sealed[0] as Sealed);
    expect(await desk.watch.look()).toEqual([]);
    desk.take(sealed[2] as Sealed);
    expect(await desk.watch.look()).toEqual([]);
    desk.learn(KEYS);
    expect(await desk.watch.look()).toEqual([]);
  });

  test('is told of as it is though what is followed comes after it was missed: with a second one that follows, or of another gateway', async () => {
    const [gateway, other] = [createGateway(), createGateway(OTHER_GATEWAY)];
    const held = gateway.seal(0, METERS);
    const { prev, leaves } = gateway.ends();
    const first = gateway.seal(1, METERS);
    gateway.goOnFromSegment(prev);
    for (const [meter, leaf] of leaves) gateway.goOnFrom(meter, leaf);
    const second = gateway.seal(2, METERS);
    const foreign = other.seal(0, ['home']);
    gateway.goOnFrom('home', other.ends().leaves.get('home') ?? null);
    gateway.goOnFromSegment(foreign.ref.cid);
    const last = gateway.seal(3, ['home']);
    const all = [held, first, second, foreign, last];
    const desk = await deskWith();
    const tellAnd = async (...sealed: Sealed[]) => {
      desk.announce(...sealed);
      desk.take(...sealed);
      return shortOf(await desk.watch.look(), all);
    };
    const by = { device: GATEWAY.id };
    expect(await tellAnd(first)).toEqual([{ ...by, kind: 'missing', at: [1], meters: meterIds(...METERS) }]);
    const fork = { ...by, kind: 'fork', at: [1, 2], meters: meterIds(...METERS) };
    expect(await tellAnd(held, second)).toEqual([fork]);
    expect(await tellAnd(last)).toEqual([fork, { ...by, kind: 'missing', at: [4], meters: meterIds('home') }]);
    desk.announce(foreign);
    expect(shortOf(await desk.watch.look(), all)).toEqual([
      { ...by, kind: 'foreign', at: [4], meters: [] },
      fork,
      { ...by, kind: 'missing', at: [4], meters: meterIds('home') },
    ]);
    expect(await tellAnd(foreign)).toEqual([{ ...by, kind: 'foreign', at: [4], meters: meterIds('home') }, fork]);
  });

  test('is whole after months were put away, taken back, and the read models made again', async () => {
    const gateway = createGateway();
    const sealed = days(DAYS).map((day) => gateway.seal(day, METERS));
    const desk = await deskWith(KEYS.filter((name) => name !== 'mill 2026-02'));
    desk.announce(...sealed);
    desk.take(...sealed);
    const february = sealed.filter(({ ref }) => ref.day.startsWith('2026-02'));
    const archived = {
      month: '2026-02',
      place: 'dropped' as const,
      file: '',
      sha256: '',
      atMs: 0,
      bytes: 0,
      books: {},
    };
    const putAway = () =>
      desk.store.beginDrop(
        archived,
        february.map(({ ref }) => ref.cid),
      );
    const expectWhole = async (): Promise<void> => {
      expect(await desk.watch.look()).toEqual([]);
      expect(desk.store.openChains(10)).toEqual([]);
    };
    putAway();
    expect(await desk.watch.look()).toEqual([]);
    desk.learn(KEYS);
    desk.take(...february);
    await expectWhole();
    putAway();
    desk.store.dropReadModels();
    desk.take(...sealed.filter((s) => !february.includes(s)));
    expect(await desk.watch.look()).toEqual([]);
    desk.take(...february);
    await expectWhole();
    desk.store.markLost(sealed[3]?.ref.cid ?? '');
    desk.take(sealed[3] as Sealed);
    await expectWhole();
  });
});

/** One act of a gateway that may lie: a day sealed, after something was or was not done to its chains. */
const act = fc.record({
  meters: fc.subarray(METERS, { minLength: 1 }),
  lie: fc.oneof(
    { weight: 6, arbitrary: fc.constant('none' as const) },
    fc.constantFrom('hold back a frame', 'hold back the segment', 'go back', 'go back with the segment', 'begin again'),
  ),
  back: fc.nat(5),
});
type Act = typeof act extends fc.Arbitrary<infer T> ? T : never;

function play(acts: readonly Act[]): Sealed[] {
  const gateway = createGateway();
  const ends: ReturnType<typeof gateway.ends>[] = [];
  const sealed: Sealed[] = [];
  for (const [day, { meters, lie, back }] of acts.entries()) {
    const place = ends.at(-1 - back);
    if (lie === 'begin again') gateway.goOnFrom('home', null);
    if (lie === 'go back' && place) gateway.goOnFrom('mill', place.leaves.get('mill') ?? null);
    if (lie === 'go back with the segment' && place) gateway.goOnFromSegment(place.prev);
    const made = gateway.seal(day, meters, lie === 'hold back a frame' ? ['home'] : []);
    if (lie !== 'hold back the segment') sealed.push(made);
    ends.push(gateway.ends());
  }
  return sealed;
}

describe('whatever the order in which segments and keys come', () => {
  const shuffled = fc.record({
    acts: fc.array(act, { minLength: 1, maxLength: 12 }),
    places: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 12, maxLength: 12 }),
    together: fc.integer({ min: 1, max: 4 }),
    late: fc.subarray(KEYS),
  });
  const runIn = async (
    sealed: readonly Sealed[],
    { places, together, late }: { places: number[]; together: number; late: string[] },
    onStep: (desk: Desk) => Promise<void>,
  ) => {
    const desk = await deskWith(KEYS.filter((name) => !late.includes(name)));
    desk.announce(...sealed);
    const order = sealed.map((s, i) => ({ s, at: places[i] ?? 0 })).sort((a, b) => a.at - b.at);
    for (let i = 0; i < order.length; i += together) {
      desk.take(...order.slice(i, i + together).map(({ s }) => s));
      if (i * 2 > order.length) desk.learn(late);
      await onStep(desk);
    }
    desk.learn(late);
    return shortOf(await desk.watch.look(), sealed);
  };

  test('the same breaks are told, and they are the lies that were told', async () => {
    await fc.assert(
      fc
        .asyncProperty(shuffled, async ({ acts, ...how }) => {
          const sealed = play(acts);
          const told = await runIn(sealed, how, async (desk) => void (await desk.watch.look()));
          expect(told).toEqual(expectedOf(sealed));
        })
        .afterEach(closeDesks),
      { numRuns: 40 },
    );
  });

  test('an honest gateway is told nothing of, at no moment on the way', async () => {
    const honest = shuffled.map((s) => ({ ...s, acts: s.acts.map((a) => ({ ...a, lie: 'none' as const })) }));
    await fc.assert(
      fc
        .asyncProperty(honest, async ({ acts, ...how }) => {
          const never = async (desk: Desk): Promise<void> => expect(await desk.watch.look()).toEqual([]);
          expect(await runIn(play(acts), how, never)).toEqual([]);
        })
        .afterEach(closeDesks),
      { numRuns: 40 },
    );
  });
});
