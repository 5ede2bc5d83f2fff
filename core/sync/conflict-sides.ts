import type { Village } from '#core/village/open-village.ts';
import { assetBody } from '#domain/village/fold-assets.ts';
import { proposeBody } from '#domain/village/fold-settlement.ts';
import type { RevealedState } from '#domain/village/reveal.ts';
import type { Conflict } from '#domain/village/state.ts';

/** Two records that cannot both count, each with what tells it from the other. */
export function conflictOf(village: Village, state: RevealedState, c: Conflict) {
  const seen = village.store.seenConflicts().has(c.id);
  const about = c.kind === 'serial-twice' ? (state.assets.get(c.text)?.serial ?? '?') : c.text;
  const first = sideOf(village, state, c.counts);
  const second = sideOf(village, state, c.onHold);
  const isSecondAgreed = isAgreed(state, c.onHold);
  return {
    id: c.id,
    seen,
    isDecided: isSecondAgreed || isAgreed(state, c.counts),
    kind: c.kind,
    about,
    counts: isSecondAgreed ? second : first,
    onHold: isSecondAgreed ? first : second,
  };
}

const closeIn = (state: RevealedState, record: string) =>
  [...state.closes.values()].find((close) => close.record === record);
const isAgreed = (state: RevealedState, record: string): boolean => closeIn(state, record)?.agreed ?? false;

function sideOf(village: Village, state: RevealedState, id: string) {
  // an asset that counts is named by its own id, not by its record's
  const asset = state.assets.get(id);
  const record = asset ? registrationOf(village, id) : village.index.find(id);
  const member = record ? state.devices.get(record.device)?.member : undefined;
  const close = closeIn(state, id);
  return {
    by: (member && state.members.get(member)?.name) ?? null,
    atMs: record?.at.ms ?? null,
    close: close
      ? {
          paidMinor: paidIn(record?.body),
          signatures: close.signatures.length,
          threshold: close.threshold,
        }
      : null,
    asset: assetSide(state, asset ?? assetIn(record?.body)),
  };
}

/** The record of an asset, while no checkpoint holds it. */
function registrationOf(village: Village, asset: string) {
  for (const record of village.index.outside.values())
    if (record.kind === 'asset.add' && assetBody.safeParse(record.body).data?.asset === asset) return record;
  return undefined;
}

/** What those who pay pay together. */
function paidIn(body: unknown): bigint {
  const proposal = proposeBody.safeParse(body);
  if (!proposal.success) return 0n;
  return proposal.data.lanes.reduce((sum, { net }) => (net > 0n ? sum + net : sum), 0n);
}

type AssetFacts = Pick<ReturnType<typeof assetBody.parse>, 'source' | 'capacityW' | 'owner'>;
function assetIn(body: unknown): AssetFacts | undefined {
  return assetBody.safeParse(body).data;
}
function assetSide(state: RevealedState, asset: AssetFacts | undefined) {
  if (!asset) return null;
  return { source: asset.source, capacityW: asset.capacityW, owner: state.members.get(asset.owner)?.name ?? null };
}
