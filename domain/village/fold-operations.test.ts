import { describe, expect, test } from 'vitest';
import { announcementOf } from './shelves.ts';
import { decisionKey } from './state.ts';
import { addMeter, foundVillage, join, sealedText } from './village-fixture.ts';

const cid = `bafy${'b'.repeat(55)}`;
const announcement = {
  cid,
  day: '2012-01-05',
  root: new Uint8Array(32),
  frames: 3,
  bytes: 900,
  fromMs: Date.UTC(2012, 0, 5),
  toMs: Date.UTC(2012, 0, 6),
  prev: null,
};

describe('a segment', () => {
  test('is announced once, in the book of its month', () => {
    const village = foundVillage();
    const { device } = join(village, 'Baraka');
    const announce = (book: string, body: object = announcement) =>
      village.held(village.write(device, book, 'segment.announce', body));
    expect(announce('segments-2012-02')).toBe('the segment is in the book of another month');
    expect(announce('segments-2012-01')).toBeUndefined();
    expect(announce('segments-2012-01')).toBe('this segment is announced already');
    expect(village.fold().segments.get(cid)).toMatchObject({ device: device.id, day: '2012-01-05' });
  });

  test('that another device announces as its own, at an earlier date, takes nothing from the gateway that made it', () => {
    const village = foundVillage();
    const [{ device: thief }, { device: gateway }] = [join(village, 'Thief'), join(village, 'Baraka')];
    const other = { ...announcement, day: '2012-01-09', bytes: 7 };
    const lie = village.write(thief, 'segments-2012-01', 'segment.announce', other);
    const truth = village.write(gateway, 'segments-2012-01', 'segment.announce', announcement);
    expect([village.held(lie), village.held(truth)]).toEqual([undefined, undefined]);
    const { segments } = village.fold();
    expect(announcementOf(segments, cid, gateway.id)).toMatchObject({ device: gateway.id, day: '2012-01-05' });
    expect(announcementOf(segments, cid, thief.id)).toMatchObject({ device: thief.id, day: '2012-01-09' });
    expect(announcementOf(segments, cid, village.device.id)).toBeUndefined();
    const again = village.write(gateway, 'segments-2012-01', 'segment.announce', announcement);
    expect(village.held(again)).toBe('this segment is announced already');
  });

  test('of a day that does not exist or of more frames than a segment holds is unreadable', () => {
    const village = foundVillage();
    for (const wrong of [{ day: '2012-01-32' }, { frames: 5001 }, { bytes: 2 ** 40 }, { root: new Uint8Array(31) }]) {
      const body = { ...announcement, ...wrong };
      expect(village.held(village.write(village.device, 'segments-2012-01', 'segment.announce', body))).toBe(
        'unreadable segment',
      );
    }
  });
});

describe('a decision on a reading', () => {
  const book = 'operations-2012-01';

  test('is made by a coordinator, and the later one stands', () => {
    const village = foundVillage();
    const { device } = join(village, 'Baraka');
    const meter = addMeter(village, 'mill');
    const decide = (by: typeof device, action: string) =>
      village.held(village.write(by, book, 'vee.decide', { meter, fromMs: 0, action, private: sealedText('seen') }));
    expect(decide(device, 'accept')).toBe('only a coordinator decides on readings');
    expect([decide(village.device, 'reject'), decide(village.device, 'accept')]).toEqual([undefined, undefined]);
    expect(village.fold().decisions.get(decisionKey(meter, 0))).toMatchObject({ action: 'accept' });
  });

  test('on a meter that is not there does not count', () => {
    const village = foundVillage();
    const body = { meter: village.newId('e', 'none'), fromMs: 0, action: 'accept', private: sealedText('seen') };
    expect(village.held(village.write(village.device, book, 'vee.decide', body))).toBe('no such meter');
  });
});

describe('an entry by hand or by file', () => {
  test('is vouched for by another person, once', () => {
    const village = foundVillage();
    const { device } = join(village, 'Baraka');
    const entry = village.newId('r', 'march');
    const write = (by: typeof device, kind: string, body: object) =>
      village.held(village.write(by, 'operations-2012-01', kind, body));
    const body = { entry, kind: 'file', private: sealedText('march.csv'), segments: [cid], hours: 24, wh: 5000n };
    const voucher = { entry, private: sealedText('the paper book, page 3') };
    expect(write(device, 'entry.vouch', voucher)).toBe('no such entry');
    expect(write(device, 'entry.add', body)).toBeUndefined();
    expect(write(village.device, 'entry.add', body)).toBe('this entry exists');
    expect(write(device, 'entry.vouch', voucher)).toBe('the author cannot vouch for their own entry');
    expect(write(village.device, 'entry.vouch', voucher)).toBeUndefined();
    expect(write(village.device, 'entry.vouch', voucher)).toBe('already vouched for');
    expect(village.fold().entries.get(entry)?.vouched?.by).toBe(village.founder.id);
  });
});
