import type { HostLease } from '../agreement/terms.ts';
import type { Cut } from '../books/chains.ts';
import type { KnownRecord } from '../books/record.ts';
import { LayeredMap } from '../layered-map.ts';
import type { AssetLevel } from '../membership/data-grants.ts';
import type { Founding } from '../membership/founding.ts';
import type { SealedFields } from '../membership/private-fields.ts';
import type { Role } from '../membership/roles.ts';
import type { LedgerDomain } from '../settlement/batch.ts';
import { type Growing, SHELVES } from './shelves.ts';

export interface MemberKey {
  /** Lower-case 0x address. */
  readonly address: string;
  readonly number: number;
  readonly sinceMs: number;
  /** EIP-712 KeyRotation by the key before; null for the first. */
  readonly handover: string | null;
}
export interface Member {
  readonly id: string;
  /** Name, phone, note: for the members. */
  readonly private: SealedFields;
  readonly kind: 'person' | 'organisation';
  readonly roles: readonly Role[];
  /** Newest last; empty for an organisation. */
  readonly keys: readonly MemberKey[];
  readonly signatories: readonly string[];
  readonly threshold: number;
  readonly sinceMs: number;
  readonly admittedBy: string;
}
export interface Device {
  readonly id: string;
  readonly member: string;
  /** X25519 public key, 64 hex. */
  readonly box: string;
  readonly grantedMs: number;
  readonly revoked: {
    readonly last: Readonly<Record<string, number>>;
    readonly private: SealedFields;
    readonly atMs: number;
  } | null;
  /** Two records with one seq: what nobody had seen by this clock does not count. */
  readonly frozenFrom: { readonly ms: number; readonly n: number } | null;
}
/** EL4: open as it stands, `private` for the members, `shared` for its partners, `secret` for owner, host and coordinators. */
export interface Asset {
  readonly id: string;
  readonly private: SealedFields;
  readonly shared: SealedFields;
  readonly secret: SealedFields | null;
  readonly source: 'solar' | 'hydro' | 'wind' | 'biomass' | 'diesel' | 'battery' | 'grid';
  /** Part of the village, as the people there call it: open to whoever has the books. */
  readonly district: string | null;
  /** Equal for equal serial numbers of this village, and says nothing to a stranger. 32 hex. */
  readonly print: string;
  readonly capacityW: number;
  readonly storageWh: bigint | null;
  readonly owner: string;
  readonly host: string | null;
  readonly simulated: boolean;
}
export interface Meter {
  readonly id: string;
  /** Name and serial number: for the members. */
  readonly private: SealedFields;
  readonly kind: 'use' | 'generation' | 'battery' | 'site';
  readonly place: 'home' | 'mill' | 'clinic' | 'school' | 'shop' | 'other' | null;
  readonly source: Asset['source'] | null;
  readonly asset: string | null;
  readonly member: string | null;
  readonly limitW: number;
  readonly manufacturer: string | null;
  readonly model: string | null;
  readonly simulated: boolean;
  readonly sinceMs: number;
}
export interface PartySignature {
  readonly party: string;
  readonly signer: string;
  readonly atMs: number;
  readonly record: string;
}
export interface Agreement {
  readonly id: string;
  readonly version: number;
  readonly terms: HostLease;
  readonly hash: string;
  readonly draftedBy: string;
  readonly draftedMs: number;
  readonly record: string;
  readonly signatures: readonly PartySignature[];
  readonly declined: { readonly party: string; readonly private: SealedFields; readonly atMs: number } | null;
  /** Set once every party has signed. */
  readonly effectiveMs: number | null;
}
export interface SegmentRef {
  readonly cid: string;
  readonly device: string;
  readonly day: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly bytes: number;
  readonly frames: number;
  readonly root: Uint8Array;
  readonly prev: string | null;
  readonly record: string;
  readonly atMs: number;
}
export interface VeeDecision {
  readonly meter: string;
  readonly fromMs: number;
  readonly action: 'accept' | 'reject';
  readonly private: SealedFields;
  readonly by: string;
  readonly atMs: number;
}
export interface Entry {
  readonly id: string;
  readonly kind: 'hand' | 'file';
  readonly private: SealedFields;
  readonly author: string;
  readonly segments: readonly string[];
  readonly hours: number;
  readonly wh: bigint;
  readonly atMs: number;
  readonly vouched: { readonly by: string; readonly private: SealedFields; readonly atMs: number } | null;
}
/** LO4, EL4: the owner of readings or assets lets a member read them for a time. */
export interface DataGrant {
  readonly id: string;
  /** Whose meters and assets they are: signed with this member's key. */
  readonly owner: string;
  readonly meters: readonly string[];
  readonly assets: readonly string[];
  /** Of the assets: 'private' opens exact place and contract beside the serial number. */
  readonly level: AssetLevel;
  readonly to: string;
  /** Readings of months that end after this. */
  readonly fromMs: number;
  /** Nothing sealed from here on can be read. */
  readonly untilMs: number;
  /** What for. */
  readonly private: SealedFields;
  readonly atMs: number;
  readonly record: string;
  readonly revoked: { readonly by: string; readonly atMs: number; readonly record: string } | null;
}
export interface SealedKey {
  readonly device: string;
  readonly ephemeral: Uint8Array;
  readonly iv: Uint8Array;
  readonly box: Uint8Array;
}
/** device it is sealed to -> device that sealed it -> sealed key. */
export type KeyShares = ReadonlyMap<string, ReadonlyMap<string, SealedKey>>;
/** A key of the village network that followed the one the village started with. */
export interface NetworkKey {
  readonly epoch: number;
  /** What the key is called, 16 hex. */
  readonly key: string;
  readonly by: string;
  readonly atMs: number;
  /** device it is sealed to -> device that sealed it -> sealed key. */
  readonly sealed: Map<string, Map<string, SealedKey>>;
  /** Devices that said they hold it. */
  readonly seen: Set<string>;
}
export interface PeriodCut {
  /** What moved on since the cut of the close before. */
  readonly records: Cut;
  /** Hash of the snapshot of the checkpoint that this close follows; zero for the first. */
  readonly checkpoint: string;
  readonly rules: 1;
}
/** What a close moves of one member. */
export interface LaneChange {
  readonly member: string;
  readonly index: number;
  readonly net: bigint;
}
/** What it moves is in {@link VillageState.closeLanes}. */
export interface Close {
  readonly month: string;
  readonly digest: string;
  readonly prev: string;
  readonly root: string;
  readonly evidence: string;
  readonly cut: PeriodCut;
  readonly proposedBy: string;
  readonly proposedMs: number;
  readonly record: string;
  readonly signatures: readonly {
    readonly member: string;
    readonly address: string;
    readonly sig: string;
    readonly atMs: number;
  }[];
  readonly threshold: number;
  /** Has enough signatures: the accounts of the month are these. */
  readonly agreed: boolean;
  readonly receipt: {
    readonly txHash: string;
    readonly block: number;
    readonly gasUsed: number;
    readonly final: boolean;
    readonly atMs: number;
  } | null;
}
export interface CoordinatorChange {
  readonly epoch: number;
  readonly members: readonly string[];
  readonly threshold: number;
  /** Ascending addresses, as the ledger gets them. */
  readonly operators: readonly string[];
  readonly signatures: readonly { readonly address: string; readonly sig: string }[];
  readonly agreed: boolean;
}
/** What one anchored close made final. */
export interface Epoch {
  /** Digest of the close. */
  readonly close: string;
  readonly month: string;
  /** 64 hex: sha-256 over its records and whether they count. */
  readonly hash: string;
  readonly records: number;
}
export interface Conflict {
  readonly id: string;
  readonly kind: 'equivocation' | 'serial-twice' | 'two-closes';
  /** Record ids: the one that counts and the one on hold. */
  readonly counts: string;
  readonly onHold: string;
  readonly text: string;
}

/** Everything the village is, as a pure fold of its records. Maps are keyed by id. */
export interface VillageState {
  readonly village: string;
  founding: Founding | null;
  readonly members: Map<string, Member>;
  readonly devices: Map<string, Device>;
  /** Every address a member ever had. */
  readonly everKeys: Map<string, ReadonlySet<string>>;
  /** Invite keys that let somebody in: each does so once. */
  readonly usedInvites: Set<string>;
  coordinators: { readonly members: readonly string[]; readonly threshold: number; readonly epoch: number };
  readonly coordinatorChanges: CoordinatorChange[];
  /** By {@link shareId}. */
  readonly keyShares: LayeredMap<KeyShares>;
  readonly dataGrants: Map<string, DataGrant>;
  /** By epoch, from 1. */
  readonly networkKeys: NetworkKey[];
  readonly assets: Map<string, Asset>;
  readonly meters: Map<string, Meter>;
  readonly agreements: Map<string, Agreement>;
  readonly segments: LayeredMap<SegmentRef>;
  readonly decisions: LayeredMap<VeeDecision>;
  readonly entries: LayeredMap<Entry>;
  /** Segments of entries that somebody vouched for. */
  readonly vouched: LayeredMap<true>;
  /** Proposals by digest, in the order in which they count. */
  readonly closes: Map<string, Close>;
  readonly closeLanes: LayeredMap<readonly LaneChange[]>;
  /** Digest of the last agreed close; zero when none. */
  head: string;
  readonly lanes: Map<string, number>;
  readonly conflicts: Conflict[];
  /** Why a record does not count; a record that counts is absent. */
  readonly onHold: LayeredMap<string>;
  /** Kept and relayed, not understood by this version. */
  readonly unknown: LayeredMap<true>;
  /** Epochs of the anchored closes, first to last: their records are final. */
  readonly epochs: readonly Epoch[];
  /** Ids of the records that no anchored cut holds. */
  readonly outside: ReadonlySet<string>;
}

/** Who may sign a close: the coordinators as its cut saw them, so that nothing learnt later changes whether it is agreed. */
export interface Electors {
  readonly threshold: number;
  /** member -> address of their key. */
  readonly keys: ReadonlyMap<string, string>;
}

export interface FoldContext {
  readonly state: VillageState;
  readonly record: KnownRecord;
  /** Member of the device that wrote the record. */
  readonly author: string;
  readonly recover: (digest: string, signature: string) => string | undefined;
  readonly ledger: LedgerDomain;
  /** The close with a receipt on each head: head it follows -> its digest. */
  readonly anchored: ReadonlyMap<string, string>;
  /** The electors of a close; a text says why nobody can tell. */
  readonly electorsOf: (digest: string) => Electors | string;
}
/** Applies a record, or says why it does not count. */
export type Apply = (ctx: FoldContext) => string | undefined;

export const ZERO_HASH = `0x${'0'.repeat(64)}`;
export const decisionKey = (meter: string, fromMs: number): string => `${meter}|${fromMs}`;
/** How a key is named in {@link VillageState.keyShares}: what its giver says it is for, and its id. */
export const shareId = (scope: string, key: string): string => `${scope} ${key}`;
export const isCoordinator = (state: Pick<VillageState, 'members'>, member: string): boolean =>
  state.members.get(member)?.roles.includes('coordinator') ?? false;
export const lanesOf = (state: Pick<VillageState, 'closeLanes'>, digest: string): readonly LaneChange[] =>
  state.closeLanes.get(digest) ?? [];
export const keyOf = (state: VillageState, member: string): string | undefined =>
  state.members.get(member)?.keys.at(-1)?.address;

export function emptyState(village: string): VillageState {
  return {
    village,
    founding: null,
    members: new Map(),
    devices: new Map(),
    everKeys: new Map(),
    usedInvites: new Set(),
    coordinators: { members: [], threshold: 1, epoch: 0 },
    coordinatorChanges: [],
    keyShares: new LayeredMap(SHELVES.keyShares),
    dataGrants: new Map(),
    networkKeys: [],
    assets: new Map(),
    meters: new Map(),
    agreements: new Map(),
    segments: new LayeredMap(SHELVES.segments),
    decisions: new LayeredMap(SHELVES.decisions),
    entries: new LayeredMap(SHELVES.entries),
    vouched: new LayeredMap<true>(SHELVES.vouched),
    closes: new Map(),
    closeLanes: new LayeredMap<readonly LaneChange[]>(SHELVES.closeLanes),
    head: ZERO_HASH,
    lanes: new Map(),
    conflicts: [],
    onHold: new LayeredMap<string>(SHELVES.onHold),
    unknown: new LayeredMap<true>(SHELVES.unknown),
    epochs: [],
    outside: new Set(),
  };
}

/** The state with each growing collection replaced. */
export const restate = (
  state: VillageState,
  replace: <V>(items: LayeredMap<V>, kind: Growing) => LayeredMap<V>,
): VillageState => ({
  ...state,
  keyShares: replace(state.keyShares, 'keyShares'),
  segments: replace(state.segments, 'segments'),
  decisions: replace(state.decisions, 'decisions'),
  entries: replace(state.entries, 'entries'),
  vouched: replace(state.vouched, 'vouched'),
  closeLanes: replace(state.closeLanes, 'closeLanes'),
  onHold: replace(state.onHold, 'onHold'),
  unknown: replace(state.unknown, 'unknown'),
});

/** A copy that a fold may go on from; what the collections hold is never changed in place. */
export const copyState = (state: VillageState): VillageState => ({
  ...restate(state, (items) => items.fork()),
  members: new Map(state.members),
  devices: new Map(state.devices),
  everKeys: new Map(state.everKeys),
  usedInvites: new Set(state.usedInvites),
  coordinatorChanges: [...state.coordinatorChanges],
  dataGrants: new Map(state.dataGrants),
  networkKeys: state.networkKeys.map((k) => ({
    ...k,
    sealed: new Map([...k.sealed].map(([device, shares]) => [device, new Map(shares)] as const)),
    seen: new Set(k.seen),
  })),
  assets: new Map(state.assets),
  meters: new Map(state.meters),
  agreements: new Map(state.agreements),
  closes: new Map(state.closes),
  lanes: new Map(state.lanes),
  conflicts: [...state.conflicts],
});

export const electorsIn = (state: VillageState): Electors => ({
  threshold: state.coordinators.threshold,
  keys: new Map(
    state.coordinators.members.flatMap((m) => {
      const key = keyOf(state, m);
      return key === undefined ? [] : [[m, key] as const];
    }),
  ),
});
