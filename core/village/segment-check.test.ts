import { describe, expect, test } from 'vitest';
import { openBytes } from '#core/crypto/aead.ts';
import { toHex } from '#domain/bytes.ts';
import { frameAad, frameBytes } from '#domain/metering/frame.ts';
import { checkSegment, type SegmentJob } from './segment-check.ts';
import { dayFrame, GATEWAY, keyOf, meterOf, sealFrame, segmentOf, VILLAGE } from './segment-fixture.ts';

const check = (names: readonly string[], job: Pick<SegmentJob, 'ref' | 'block'> & Partial<SegmentJob>) => {
  const keys = new Map(names.map((name) => [keyOf(name).id, keyOf(name).key]));
  return checkSegment({ village: VILLAGE, keys }, { only: null, ...job });
};
const both = segmentOf([sealFrame('home'), sealFrame('mill')]);

describe('a segment', () => {
  test('is opened, and its frames are kept as they were sealed', () => {
    const verdict = check(['home', 'mill'], both);
    expect(verdict).toMatchObject({ state: 'verified', reason: '', bytes: both.block.length, locked: [] });
    expect(verdict.frames.map((f) => [f.meter, f.signatureOk, f.intervals])).toEqual([
      [meterOf('home'), true, 24],
      [meterOf('mill'), true, 24],
    ]);
    const [home] = verdict.frames;
    const sealed = home?.sealed ?? new Uint8Array();
    const { id, key } = keyOf('home');
    expect(home?.key).toBe(id);
    const parts = { iv: sealed.slice(0, 12), box: sealed.slice(12) };
    const plain = openBytes(key, parts, frameAad(meterOf('home'), id));
    expect(plain).toEqual(frameBytes(dayFrame('home')));
  });

  test('of which one key is missing is verified; the frame stays locked and the other one counts', () => {
    const verdict = check(['mill'], both);
    expect(verdict).toMatchObject({
      state: 'verified',
      frames: [{ meter: meterOf('mill') }],
      locked: [{ meter: meterOf('home'), key: keyOf('home').id, frames: 1 }],
    });
  });

  test('opened again for a key that came opens what that key opens, and nothing a second time', () => {
    expect(check(['home', 'mill'], { ...both, only: [keyOf('home').id] })).toMatchObject({
      state: 'verified',
      frames: [{ meter: meterOf('home') }],
      locked: [],
    });
  });

  test('in which two frames that a gateway read of one meter do not follow one another is kept out', () => {
    const first = sealFrame('home');
    const [fromMs, salt] = [Date.UTC(2026, 2, 2), new Uint8Array(16)];
    const next = { fromMs, salt, prev: first.leaf };
    expect(check(['home'], segmentOf([first, sealFrame('home', next)]))).toMatchObject({ state: 'verified' });
    for (const prev of [null, new Uint8Array(32)]) {
      const broken = segmentOf([first, sealFrame('home', { ...next, prev })]);
      expect(check(['home'], broken)).toMatchObject({
        state: 'bad',
        reason: expect.stringMatching(/do not follow one another/),
        frames: [],
      });
    }
    const shut = sealFrame('home', next, 'another key');
    const last = sealFrame('home', { ...next, fromMs: Date.UTC(2026, 2, 3), prev: shut.leaf });
    expect(check(['home'], segmentOf([first, shut, last]))).toMatchObject({
      state: 'verified',
      locked: [{ frames: 1 }],
    });
    const byHand = sealFrame('home', { ...next, prev: null, origin: 'hand' });
    expect(check(['home'], segmentOf([first, byHand]))).toMatchObject({ state: 'verified' });
  });

  test('tells what its frames follow, those that open and those that stay closed', () => {
    const byHand = sealFrame('mill', { origin: 'hand' });
    const [home, school] = [sealFrame('home', { prev: new Uint8Array(32) }), sealFrame('school')];
    const prev = `bafy${'a'.repeat(55)}`;
    expect(check(['home', 'mill'], segmentOf([home, byHand, school], { prev }))).toMatchObject({
      locked: [{ meter: meterOf('school'), leaves: toHex(school.leaf) }],
      chain: {
        device: GATEWAY.id,
        prev,
        frames: [{ meter: meterOf('home'), key: keyOf('home').id, prev: '00'.repeat(32), leaf: toHex(home.leaf) }],
      },
    });
  });

  test.each([
    ['fewer frames than announced', { frames: 3 }, /not the announced ones/],
    ['another root', { root: new Uint8Array(32) }, /not the announced ones/],
    ['another day', { day: '2026-03-02' }, /not the announced segment/],
    ['another gateway', { device: 'cd'.repeat(32) }, /not the announced segment/],
    ['another predecessor', { prev: `bafy${'a'.repeat(55)}` }, /not the announced segment/],
  ])('with %s is refused with the reason, whatever keys there are', (_, wrong, reason) => {
    for (const keys of [[], ['home', 'mill']])
      expect(check(keys, { ...both, ref: { ...both.ref, ...wrong } })).toMatchObject({
        state: 'bad',
        reason: expect.stringMatching(reason),
        frames: [],
        locked: [],
      });
  });
});
