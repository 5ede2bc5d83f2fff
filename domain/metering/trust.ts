/** How far a frame can be believed; see docs/architecture.md. */
export type TrustLevel = 0 | 1 | 2 | 3 | 4;

/** The least level that may become money, whatever a village or an agreement says. */
export const MONEY_TRUST: TrustLevel = 1;

/**
 * Level of a frame read by a gateway that cannot prove its code: signed by a device that was granted, and counting, at
 * the frame's own time -> T1; anything else -> T0. A hand entry or an import is T0 until a second person vouches.
 */
export function trustOf(facts: {
  readonly signatureOk: boolean;
  readonly deviceCounts: boolean;
  readonly origin: 'gateway' | 'hand' | 'file';
  readonly vouched: boolean;
}): TrustLevel {
  if (!facts.signatureOk || !facts.deviceCounts) return 0;
  return facts.origin === 'gateway' || facts.vouched ? 1 : 0;
}
