import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { toHex } from '../bytes.ts';
import { foundVillage, joinBodyOf, makeDevice, makePerson, recoverOnce } from '../village/village-fixture.ts';
import { checkGrant, type EverKey, grantDigest } from './grants.ts';
import { recoverSigner } from './typed-data.ts';

const village = foundVillage();
const founding = village.records[0] as (typeof village.records)[number];
const baraka = makePerson('Baraka');
const tablet = makeDevice('Baraka');
const joining = joinBodyOf(village, baraka, tablet);
const nobody: EverKey = () => false;
const founderKnown: EverKey = (m, a) => m === village.founder.id && a === village.founder.address;

const check = (kind: string, body: unknown, everKey: EverKey = founderKnown, device = tablet.id) =>
  checkGrant(village.id, { kind, device, body }, everKey, recoverOnce);
const refused = (reason: string, wait = false) => ({ ok: false, wait, reason: expect.stringContaining(reason) });

describe('a founding record', () => {
  const body = founding.body as { founding: typeof village.founding; grant: ReturnType<typeof village.grant> };
  const found = (changed: unknown, device = village.device.id) => check('village.found', changed, nobody, device);

  test('lets in the device of the founder', () => {
    const { founder, device } = village;
    expect(found(body)).toEqual({ ok: true, device: device.id, member: founder.id, address: founder.address });
  });

  test('of another village is refused', () => {
    expect(found({ ...body, founding: { ...body.founding, name: 'Elsewhere' } })).toEqual(refused('another village'));
  });

  test('written by another device is refused', () => {
    expect(found(body, tablet.id)).toEqual(refused('another device'));
  });

  test('whose grant another key signed is refused', () => {
    const grant = village.grant({ ...baraka, id: village.founder.id }, village.device);
    expect(found({ ...body, grant })).toEqual(refused('not signed by the founder'));
  });
});

describe('a join record', () => {
  test('lets in the device of whoever holds the invitation', () => {
    expect(check('member.join', joining)).toEqual({
      ok: true,
      device: tablet.id,
      member: baraka.id,
      address: baraka.address,
    });
  });

  test('waits while the member who invited is not known, and is let in once they are', () => {
    expect(check('member.join', joining, nobody)).toEqual(refused('not known here yet', true));
    expect(check('member.join', joining).ok).toBe(true);
  });

  test('with a grant for another device is refused', () => {
    expect(check('member.join', joining, founderKnown, village.device.id)).toEqual(refused('another device'));
    expect(check('member.join', { ...joining, member: village.founder.id })).toEqual(refused('another device'));
  });

  test('with a key that did not sign the grant is refused', () => {
    const address = makePerson('Chipo').address;
    expect(check('member.join', { ...joining, address })).toEqual(refused('not signed by the new member'));
  });

  test('by someone who only saw the certificate is refused', () => {
    const forged = { ...joining, inviteSig: new Uint8Array(64).fill(1) };
    expect(check('member.join', forged)).toEqual(refused('invitation key did not sign'));
  });

  test('whose invitation was changed after signing does not come from a member', () => {
    const certificate = { ...joining.certificate, roles: ['coordinator'] };
    expect(check('member.join', { ...joining, certificate })).toEqual(refused('not known here yet', true));
  });

  test('whose invitation signature is no signature is refused', () => {
    const certificate = { ...joining.certificate, sig: `0x${'ff'.repeat(64)}` };
    expect(check('member.join', { ...joining, certificate })).toEqual(refused('invitation is not signed'));
  });
});

describe('a device grant', () => {
  const grant = village.grant(village.founder, tablet);

  test('by a key the member ever had lets the device in', () => {
    expect(check('device.grant', { grant })).toMatchObject({ ok: true, device: tablet.id, member: village.founder.id });
  });

  test('waits while the member is not known', () => {
    expect(check('device.grant', { grant }, nobody)).toEqual(refused('not known here yet', true));
  });

  test('changed after signing never counts as the key of the member', () => {
    const changed = { ...grant, grantedMs: grant.grantedMs + 1 };
    expect(check('device.grant', { grant: changed })).toEqual(refused('not known here yet', true));
  });

  test('that is not signed is refused', () => {
    expect(check('device.grant', { grant: { ...grant, sig: `0x${'00'.repeat(64)}` } })).toEqual(refused('not signed'));
  });

  test('of one village is worth nothing in another', () => {
    const other = 'ee'.repeat(32);
    expect(grantDigest(other, grant)).not.toBe(grantDigest(village.id, grant));
    const there = checkGrant(
      other,
      { kind: 'device.grant', device: tablet.id, body: { grant } },
      founderKnown,
      recoverOnce,
    );
    expect(there.ok).toBe(false);
  });
});

test('any other record of a device that was never let in waits', () => {
  expect(check('member.add', {})).toEqual(refused('never let in', true));
});

test('no body makes a check throw or lets a device in', () => {
  const kind = fc.constantFrom('village.found', 'member.join', 'device.grant');
  fc.assert(
    fc.property(kind, fc.anything(), (k, body) => {
      expect(check(k, body).ok).toBe(false);
    }),
  );
});

test('a join with any one field replaced is never let in', () => {
  const field = fc.constantFrom(...Object.keys(joining));
  fc.assert(
    fc.property(field, fc.anything(), (name, value) => {
      expect(check('member.join', { ...joining, [name]: value }).ok && name !== 'name').toBe(false);
    }),
  );
});

describe('recovering a signer', () => {
  const digest = grantDigest(village.id, village.grant(baraka, tablet));

  test('gives the lower-case address of the key', () => {
    expect(recoverSigner(digest, baraka.sign(digest))).toBe(baraka.address);
  });

  test('gives nothing for what is no signature, and never throws', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.uint8Array().map((b) => `0x${toHex(b)}`),
        ),
        (sig) => {
          expect(recoverSigner(digest, sig)).not.toBe(baraka.address);
        },
      ),
    );
  });

  test('refuses the mirrored signature that only others could make', () => {
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const sig = baraka.sign(digest);
    const yParityAndS = BigInt(`0x${sig.slice(66)}`);
    const parity = yParityAndS >> 255n;
    const s = yParityAndS & ((1n << 255n) - 1n);
    const mirrored = `${sig.slice(0, 66)}${(order - s).toString(16).padStart(64, '0')}${parity === 0n ? '1c' : '1b'}`;
    expect(recoverSigner(digest, mirrored)).toBeUndefined();
  });
});
