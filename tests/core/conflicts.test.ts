import { afterEach, expect, test } from 'vitest';
import { batchOf } from '#domain/village/fold-settlement.ts';
import { ZERO_HASH } from '#domain/village/state.ts';
import { command, converge, endAll, openTwo, type TestConsole } from './consoles.ts';
import { AFTER_MARCH_MS, MONTH, makeLease, propose, setClocks, shareCoordination, sign } from './months.ts';

afterEach(endAll);

const conflictsOn = async (on: TestConsole) =>
  (await on.client().sync.status({ village: on.open().village.id })).conflicts;
const founderOf = (on: TestConsole): string => [...on.open().village.state().members.keys()][0] ?? '';

async function registerRoof(on: TestConsole, name: string, capacityW: number): Promise<void> {
  const { village } = on.open();
  await on.client().assets.add({
    ...command(),
    village: village.id,
    name,
    source: 'solar',
    serial: 'SN-1',
    district: null,
    place: null,
    contract: null,
    capacityW,
    storageWh: null,
    owner: founderOf(on),
    host: null,
  });
}

test('a serial number that two consoles registered apart is shown with both sides, alike on both (J7)', async () => {
  const [first, second] = await openTwo();
  await shareCoordination(first, second);
  for (const on of [first, second]) await on.open().village.node.setOnline(false);
  await registerRoof(first, 'Roof', 5000);
  await registerRoof(second, 'Shed', 3000);
  for (const on of [first, second]) await on.open().village.node.setOnline(true);
  await converge(first, second);
  const [shown] = await conflictsOn(first);
  expect(shown).toMatchObject({ kind: 'serial-twice', about: 'SN-1', isDecided: false, seen: false });
  const sides = [shown?.counts, shown?.onHold];
  expect(new Set(sides.map((side) => side?.asset?.capacityW))).toEqual(new Set([3000, 5000]));
  expect(sides.every((side) => side?.by !== null && side?.atMs !== null && side?.asset?.owner !== null)).toBe(true);
  await expect.poll(() => conflictsOn(second)).toEqual([shown]);
});

/** A close of the month with sums of its own making. */
async function proposeOther(on: TestConsole): Promise<void> {
  const { village } = on.open();
  const state = village.state();
  const [a = '', b = ''] = state.members.keys();
  const lanes = [
    { member: a, index: 0, net: 1_000_000n },
    { member: b, index: 1, net: -1_000_000n },
  ];
  const cut = { records: village.nameCut(), checkpoint: ZERO_HASH, rules: 1 as const };
  const body = { month: MONTH, prev: state.head, root: `0x${'ab'.repeat(32)}`, cut, lanes };
  const chain = state.founding?.chain ?? { chainId: 1, ledger: '' };
  const { digest } = batchOf({ village: village.id, zone: { offsetMin: 180 }, ...body }, chain);
  await village.act([{ book: 'settlement', kind: 'close.propose', body: { ...body, digest } }]);
}

test('a month closed twice is shown with the sums and signatures of both, until signatures decide (J7)', async () => {
  const [first, second] = await openTwo();
  await makeLease(first);
  await converge(first, second);
  await shareCoordination(first, second);
  setClocks(AFTER_MARCH_MS, first, second);
  await proposeOther(first);
  const digest = await propose(second);
  await converge(first, second);
  const [open] = await conflictsOn(first);
  expect(open).toMatchObject({ kind: 'two-closes', about: MONTH, isDecided: false });
  expect([open?.counts.close, open?.onHold.close]).toContainEqual({
    paidMinor: 1_000_000n,
    signatures: 0,
    threshold: 2,
  });
  await sign(first, digest);
  await converge(first, second);
  await sign(second, digest);
  await converge(first, second);
  for (const on of [first, second]) {
    const [decided] = await conflictsOn(on);
    expect(decided).toMatchObject({ isDecided: true, counts: { close: { signatures: 2 } } });
    expect(decided?.onHold.close).toMatchObject({ paidMinor: 1_000_000n, signatures: 0 });
  }
});
