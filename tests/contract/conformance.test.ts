import { randomUUID } from 'node:crypto';
import { isDefinedError, safe } from '@orpc/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HostLeaseTermsInput } from '#api/agreements.ts';
import { CURSED_HOST, type OpenedCore, openCore, SECRET } from './open-core.ts';
import { WIRES, type Wire, type WireClient } from './wires.ts';

const PIN = '2468';

describe.each(WIRES)('over %s', (_name, openWire) => {
  let opened: OpenedCore;
  let operator: Wire;
  let viewer: Wire;
  let client: WireClient;
  let village: string;

  beforeAll(async () => {
    opened = await openCore();
    operator = await openWire(opened.core, 'operator');
    viewer = await openWire(opened.core, 'viewer');
    client = operator.client;
    const founded = await client.villages.found({
      commandId: randomUUID(),
      name: 'Kibera kwa Juu',
      currency: { code: 'KES', exponent: 2 },
      zoneOffsetMin: 180,
      you: { name: 'Asha', roles: ['coordinator'] },
      pin: PIN,
    });
    village = founded.village;
  });

  afterAll(async () => {
    await viewer.close();
    await operator.close();
    await opened.close();
  });

  test('a query answers with whole types: amounts are bigint, null stays null', async () => {
    const settings = await client.villages.settings({ village });
    expect(typeof settings.debtFloorMinor).toBe('bigint');
    expect(settings).toMatchObject({ name: 'Kibera kwa Juu', currency: { code: 'KES', exponent: 2 } });
    const { members } = await client.members.list({ village });
    expect(members).toHaveLength(1);
    expect(typeof members[0]?.balanceMinor).toBe('bigint');
    expect(members[0]?.lastHeardAtMs === null || Number.isInteger(members[0]?.lastHeardAtMs)).toBe(true);
  });

  test('integers beyond a double reach the core and come back unrounded', async () => {
    const hostPrice = 10n ** 15n - 1n;
    const { example } = await client.agreements.check({ village, terms: { ...terms(), hostPrice } });
    expect(example.hostWh).toBeGreaterThan(0n);
    expect(example.hostCharge).toBe((example.hostWh * hostPrice + 500n) / 1000n);
    expect(example.hostCharge).toBeGreaterThan(BigInt(Number.MAX_SAFE_INTEGER));
  });

  test('a command sent again with the same id is done once and answers what it answered', async () => {
    const command = { village, commandId: randomUUID(), name: 'Juma', roles: ['consumer' as const], pin: '1357' };
    const [first, twin] = await Promise.all([client.members.add(command), client.members.add(command)]);
    const again = await client.members.add(command);
    expect([twin, again]).toEqual([first, first]);
    expect(first.words.length).toBeGreaterThan(11);
    const { members } = await client.members.list({ village });
    expect(members.filter(({ name }) => name === 'Juma')).toHaveLength(1);
  });

  test('the id of one command is refused for another', async () => {
    const commandId = randomUUID();
    await client.villages.setLanguage({ commandId, language: 'en' });
    const { error } = await safe(
      client.members.add({ village, commandId, name: 'X', roles: ['consumer'], pin: '1357' }),
    );
    expect(error).toMatchObject({ code: 'BAD_INPUT', defined: true });
  });

  test('a declared error arrives with its code, its words and its data', async () => {
    const { error } = await safe(client.villages.readInvitation({ text: 'not an invitation' }));
    if (!isDefinedError(error)) throw new Error('the error is not a declared one', { cause: error });
    expect(error.code).toBe('BAD_INVITATION');
    expect(error.data.detail.length).toBeGreaterThan(10);
    expect(error.data).toMatchObject({ retryable: false });
    const missing = await safe(client.members.list({ village: 'f'.repeat(64) }));
    expect(missing.error).toMatchObject({ code: 'NOT_FOUND', defined: true });
  });

  test('a defect nobody declared is masked on the wire and told to the log', async () => {
    const address = { model: 'schneider-iem3000', host: CURSED_HOST, port: 502, unit: 1 };
    const { error } = await safe(client.meters.test({ village, address }));
    expect(error).toMatchObject({ code: 'INTERNAL' });
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('secret');
    expect(opened.logged.join('\n')).toContain(SECRET);
  });

  test('input outside the schema never reaches a handler', async () => {
    const bad = { village: '../etc', address: { model: 'x', host: 'h', port: 70_000, unit: 0 } };
    const { error } = await safe(client.meters.test(bad));
    expect(error).toMatchObject({ code: 'BAD_REQUEST', defined: false });
  });

  test('a viewer may look and change nothing', async () => {
    expect((await viewer.client.villages.state()).villages).toHaveLength(1);
    const refused = await safe(viewer.client.villages.setLanguage({ commandId: randomUUID(), language: 'sw' }));
    expect(refused.error).toMatchObject({ code: 'NOT_ALLOWED', defined: true });
    expect((await client.villages.state()).language).not.toBe('sw');
  });

  test('the change stream tells of a command, and a window that was away continues where it was', async () => {
    const first = await seqAfterCommand(0, 'sw');
    const second = await seqAfterCommand(first, 'en');
    expect(second).toBeGreaterThan(first);
  });

  test('a stream ends when its reader aborts, and the line stays good for others', async () => {
    const listening = new AbortController();
    const ended = readToEnd(await client.changes({ since: 0 }, { signal: listening.signal }));
    listening.abort();
    await ended;
    await client.villages.setLanguage({ commandId: randomUUID(), language: 'fr' });
    expect((await client.villages.state()).language).toBe('fr');
  });

  test('closing the watch of a job does not cancel it; cancelling does, and every watch ends with that', async () => {
    const { job } = await client.villages.startDemo({ commandId: randomUUID() });
    const closing = new AbortController();
    const watch = await client.jobs.watch({ job }, { signal: closing.signal });
    expect((await watch.next()).value).toMatchObject({ job, state: 'running' });
    closing.abort();
    expect(await stateOf(job)).toBe('running');
    const second = await client.jobs.watch({ job });
    await client.jobs.cancel({ job });
    const states: string[] = [];
    for await (const { state } of second) states.push(state);
    expect(states.at(-1)).toBe('cancelled');
    expect(await stateOf(job)).toBe('cancelled');
    expect((await safe(client.jobs.cancel({ job: 'no such job' }))).error).toMatchObject({ code: 'NOT_FOUND' });
  });

  /** Number of the change that a command made, as a stream from `since` tells it. */
  async function seqAfterCommand(since: number, language: string): Promise<number> {
    const listening = new AbortController();
    const stream = await client.changes({ since }, { signal: listening.signal });
    await client.villages.setLanguage({ commandId: randomUUID(), language });
    let last = since;
    for (;;) {
      const { done, value } = await stream.next();
      if (done) throw new Error('the stream ended by itself');
      expect(value.seq).toBeGreaterThan(last);
      last = value.seq;
      if (value.topic === 'villages') break;
    }
    listening.abort();
    return last;
  }

  async function stateOf(job: string): Promise<string | undefined> {
    const { jobs } = await client.jobs.list();
    return jobs.find((each) => each.job === job)?.state;
  }
});

const id = (kind: string, n: number): string => `${kind}${String(n).padStart(32, '0')}`;

function terms(): HostLeaseTermsInput {
  return {
    kind: 'host-lease',
    owner: id('m', 1),
    host: id('m', 2),
    grid: id('m', 3),
    asset: null,
    hostMeter: id('e', 1),
    neighbours: [{ member: id('m', 4), meter: id('e', 2) }],
    hostPrice: 200n,
    rentBp: 1500,
    neighbourPrice: 180n,
    wheelingPrice: 10n,
    ownerShareBp: 6000,
    from: '2026-01',
    months: 12,
    after: 'returns-to-owner',
  };
}

/** A stream that was aborted may end or throw, depending on the wire; what it must not do is go on. */
async function readToEnd(stream: AsyncIterator<unknown>): Promise<void> {
  try {
    while (!(await stream.next()).done);
  } catch {
    // the abort itself
  }
}
