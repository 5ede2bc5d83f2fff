import { expect, test } from 'vitest';
import { kindOfRefusal } from './refusal-kind.ts';

test.each([
  ['the record belongs to another village', 'other-village'],
  ['the entry belongs to another log', 'other-village'],
  ['it belongs to another village', 'other-village'],
  ['the device was revoked', 'revoked'],
  ['the device is frozen: it wrote two records with one number', 'revoked'],
  ['grant for another device', 'not-let-in'],
  ['the device grant is not signed by the founder', 'not-let-in'],
  ['the invitation key did not sign', 'not-let-in'],
  ['it follows a refused entry', 'follows'],
  ['the clock of the entry jumps too far ahead', 'clock'],
  ['bad record signature', 'signature'],
  ['bad entry signature', 'signature'],
  ['the entry is not canonical dag-cbor', 'damaged'],
  ['seq and prev do not fit together', 'damaged'],
  ['', 'damaged'],
])('the reason "%s" of the books is said as %s', (reason, kind) => {
  expect(kindOfRefusal(reason)).toBe(kind);
});
