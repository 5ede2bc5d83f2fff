/** What a member may be, several at once; an organisation may act in any. */
export const MEMBER_ROLES = [
  'consumer',
  'prosumer',
  'owner',
  'grid-provider',
  'government',
  'third-party',
  'coordinator',
  'auditor',
] as const;
export type Role = (typeof MEMBER_ROLES)[number];
