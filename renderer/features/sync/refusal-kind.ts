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
