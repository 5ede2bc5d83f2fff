import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { addPerson } from '#core/members/members-procedures.ts';
import { joinVillage } from '#core/villages/invitations.ts';
import { HOUR_MS, monthSpan } from '#domain/time.ts';
import {
  command,
  converge,
  endAll,
  found,
  invite,
  openConsole,
  openTwo,
  PIN,
  type TestConsole,
  WAIT,
} from './consoles.ts';
import { propose, setClocks, sign } from './months.ts';

afterEach(endAll);

const MONTHS = ['2026-03', '2026-04', '2026-05'];

/** Closes a month with the first console's person alone and brings it to the chain. */
async function closeMonth(on: TestConsole, month: string): Promise<string> {
  setClocks(monthSpan(month, { offsetMin: 180 }).to + HOUR_MS, on);
  const digest = await propose(on, month);
  await sign(on, digest, month);
  await on.open().settler.settle();
  return digest;
}
const stand = (on: TestConsole) => {
  const { village } = on.open();
  return {
    hash: village.stateHash(),
    epochs: village.state().epochs.map((e) => e.month),
    members: [...village.state().members.keys()],
    records: village.index.size,
  };
};
/** Until the console keeps the checkpoint of its last epoch: then only what came after is in memory. */
const kept = (on: TestConsole) =>
  vi.waitFor(() => expect(on.open().village.index.outside.size).toBe(on.open().village.state().outside.size), WAIT);

describe('a console with closed months', () => {
  test('opens where the last anchored cut left it, and comes to the same as from all books', async () => {
    const on = await openConsole();
    await found(on);
    for (const month of MONTHS) {
      await on.open().village.act([{ book: `operations-${month}`, kind: 'note', body: month }]);
      await addPerson(on.open().village, { name: `Of ${month}`, roles: ['consumer'], pin: PIN });
      await closeMonth(on, month);
    }
    await addPerson(on.open().village, { name: 'Later', roles: ['consumer'], pin: PIN });
    await kept(on);
    const before = stand(on);
    expect(before.epochs).toEqual(MONTHS);
    const digests = [...on.open().village.state().closes.keys()];
    await on.restart();
    expect(on.open().village.index.outside.size).toBe(on.open().village.state().outside.size);
    expect(on.open().village.index.outside.size).toBeLessThan(before.records / 2);
    expect(stand(on)).toEqual(before);
    expect([...on.open().village.state().closes.keys()]).toEqual(digests);
    const [early] = on.open().village.state().epochs;
    const close = on
      .open()
      .village.state()
      .closes.get(early?.close ?? '');
    expect(on.open().village.index.find(close?.record ?? '')?.kind).toBe('close.propose');
    await addPerson(on.open().village, { name: 'After', roles: ['consumer'], pin: PIN });
    const after = stand(on);
    await on.open().village.rebuild();
    await kept(on);
    expect(stand(on)).toEqual(after);
    expect(on.logged.filter((line) => line.includes('checkpoint'))).toEqual([]);
  });

  test('reads all books again when what it kept was changed, and says so', async () => {
    const on = await openConsole();
    await found(on);
    await closeMonth(on, '2026-03');
    await kept(on);
    const before = stand(on);
    const id = on.open().village.id;
    await on.stop();
    const db = new DatabaseSync(join(on.dir, 'core', 'villages', id, 'village.sqlite'));
    const row = db.prepare('select sealed from checkpoint').get() as { sealed: Uint8Array };
    row.sealed[row.sealed.length - 1] = (row.sealed.at(-1) ?? 0) ^ 1;
    expect(db.prepare('update checkpoint set sealed = ?').run(row.sealed).changes).toBe(1);
    db.close();
    await on.restart();
    expect(stand(on)).toEqual(before);
    expect(on.logged.join('\n')).toContain('the kept checkpoint does not open, reading all books');
  });

  test('and one that joins later come to the same state hash', async () => {
    const [first, second] = await openTwo();
    await closeMonth(first, '2026-03');
    await closeMonth(first, '2026-04');
    setClocks(first.clock.atMs, second);
    await converge(first, second);
    const third = await openConsole();
    setClocks(first.clock.atMs, third);
    const text = await invite(first, 'Nafula', ['consumer']);
    await joinVillage(third.console(), { text, name: 'Nafula', pin: PIN });
    await converge(first, second, third);
    expect([second, third].map((c) => stand(c).epochs)).toEqual(Array(2).fill(['2026-03', '2026-04']));
  });
});

test('a stolen laptop counts up to its revocation: what it writes after is kept everywhere and counts nowhere (J15)', async () => {
  const [first, second] = await openTwo();
  const third = await openConsole();
  await joinVillage(third.console(), { text: await invite(first, 'Nafula', ['consumer']), name: 'Nafula', pin: PIN });
  const stolen = second.open().village;
  const { member: early } = await addPerson(stolen, { name: 'Early', roles: ['consumer'], pin: PIN });
  await converge(first, second, third);
  // The first console is away when it revokes; meanwhile the thief writes, and the third takes it in good faith.
  await first.open().village.node.setOnline(false);
  const device = stolen.keys.id;
  await first.client().villages.revokeDevice({
    ...command(),
    village: first.open().village.id,
    device,
    reason: 'stolen',
    counts: 'so-far',
  });
  const { member: late } = await addPerson(stolen, { name: 'Late', roles: ['consumer'], pin: PIN });
  const forged = [...stolen.index.outside.values()].filter((r) => r.kind === 'member.add').at(-1)?.id ?? '';
  await vi.waitFor(() => expect(third.open().village.state().members.has(late)).toBe(true), WAIT);
  await second.stop();
  await first.open().village.node.setOnline(true);
  await converge(first, third);
  await closeMonth(first, '2026-03');
  setClocks(first.clock.atMs, third);
  await converge(first, third);
  for (const on of [first, third]) {
    const { village } = on.open();
    const state = village.state();
    expect(state.epochs).toHaveLength(1);
    expect([state.members.has(early), state.members.has(late)]).toEqual([true, false]);
    expect([village.index.find(forged)?.device, state.onHold.get(forged)]).toEqual([
      device,
      'the device was revoked before this',
    ]);
  }
  // Taken out once more, as one that was never its member's: what is settled stays.
  const again = { ...command(), village: first.open().village.id, device, reason: 'never hers' };
  await first.client().villages.revokeDevice({ ...again, counts: 'nothing' });
  await converge(first, third);
  const { devices, members } = third.open().village.state();
  expect([devices.get(device)?.revoked?.last, members.has(early)]).toEqual([{}, true]);
});
