import type { MessageDescriptor } from '@lingui/core';
import { msg } from '@lingui/core/macro';

export type RefusalKind = 'other-village' | 'revoked' | 'not-let-in' | 'follows' | 'clock' | 'signature' | 'damaged';

/** The first that fits wins: the books name their reasons in English, as precisely as a developer needs. */
const SIGNS: readonly (readonly [RefusalKind, RegExp])[] = [
  ['other-village', /another (village|log)/],
  ['revoked', /revoked|frozen/],
  ['not-let-in', /let in|grant|invit|not known|identity|founder|new member/],
  ['follows', /follows a refused/],
  ['clock', /clock/],
  ['signature', /sign/],
];

export const kindOfRefusal = (reason: string): RefusalKind =>
  SIGNS.find(([, sign]) => sign.test(reason))?.[0] ?? 'damaged';

export const REFUSAL_WORDS: Record<RefusalKind, MessageDescriptor> = {
  'other-village': msg`It belongs to another village.`,
  revoked: msg`The console that wrote it was taken out of the village.`,
  'not-let-in': msg`The console that wrote it was not let into this village.`,
  follows: msg`It builds on a record that was refused.`,
  clock: msg`Its clock does not fit. Look at the date of that console.`,
  signature: msg`Its signature is not right.`,
  damaged: msg`It arrived damaged, or Gridpact did not make it.`,
};
