/** What the demo asks of a peer process. Every request is safe to repeat after the process was killed. */
export interface PeerRequests {
  start: (input: { dir: string; atMs: number }) => { addresses: string[]; device: string };
  setTime: (input: { atMs: number }) => null;
  found: (input: {
    name: string;
    currency: { code: string; exponent: number };
    zoneOffsetMin: number;
    person: string;
    simulated: boolean;
  }) => { village: string };
  invite: (input: { name: string; roles: string[] }) => { text: string };
  join: (input: { text: string; name: string }) => { village: string };
  /** Admits people whose keys are made here; the ids come in the same order. */
  members: (input: { people: { name: string; roles: string[] }[] }) => { members: string[] };
  memberNamed: (input: { name: string }) => { member: string | null };
  coordinators: (input: { members: string[]; threshold: number }) => null;
  meter: (input: {
    name: string;
    kind: 'use' | 'site';
    member: string | null;
    limitW: number;
    model: string;
    port: number;
    unit: number;
  }) => { meter: string };
  draft: (input: {
    owner: string;
    host: string;
    grid: string;
    hostMeter: string;
    neighbours: { member: string; meter: string }[];
    month: string;
  }) => { agreement: string };
  /** Signs for every party whose key is here. */
  signAgreement: (input: { agreement: string }) => { signed: number; effective: boolean };
  agreementKnown: (input: { agreement: string }) => { known: boolean };
  /** Moves the plant's clock and reads every meter at each step up to `toMs`; seals each UTC day that is over. */
  acquire: (input: { controlPort: number; fromMs: number; toMs: number; pollMs: number; stepMs: number }) => {
    readings: number;
  };
  setOnline: (input: { online: boolean }) => null;
  dial: (input: { addresses: string[] }) => null;
  close: (input: { month: string }) => { digest: string };
  signClose: (input: { month: string; digest: string }) => { signatures: number; enough: boolean };
  closeKnown: (input: { month: string }) => { digest: string | null; verdict: string };
  settle: (input: Record<string, never>) => null;
  standing: (input: Record<string, never>) => Standing;
  figures: (input: { month: string }) => Figures;
  stop: (input: Record<string, never>) => null;
}

export interface Standing {
  readonly stateHash: string;
  readonly records: number;
  readonly segmentsMissing: number;
  readonly connected: number;
  readonly members: number;
  /** As this peer reads them: without the key of a name something else stands there. */
  readonly names: string;
  /** Reasons of the first records that do not count. */
  readonly onHold: readonly string[];
}

export interface Figures {
  readonly readings: number;
  readonly frames: number;
  readonly segments: number;
  readonly recordedHours: number;
  readonly flagged: {
    readonly spikes: number;
    readonly gapHours: number;
    readonly resets: number;
    readonly duplicates: number;
    /** Places where what a gateway sealed does not go on from what it sealed before. */
    readonly chainBreaks: number;
  };
  readonly energyWh: {
    readonly measured: bigint;
    readonly site: bigint | null;
    readonly held: bigint;
    readonly estimated: bigint;
    readonly unattributed: bigint | null;
  };
  readonly moneyMinor: {
    readonly hostCharge: bigint;
    readonly rent: bigint;
    readonly neighboursPay: bigint;
    readonly grid: bigint;
    readonly ownerShare: bigint;
    readonly hostShare: bigint;
    readonly paid: bigint;
    readonly received: bigint;
    readonly difference: bigint;
  };
  readonly batch: {
    readonly period: string;
    readonly digest: string;
    readonly statementsRoot: string;
    readonly deltasSum: bigint;
    readonly signers: readonly string[];
    readonly txHash: string | null;
    readonly gasUsed: number | null;
    readonly final: boolean;
  } | null;
  readonly stateHash: string;
  /** Root this peer computes from the cut, whoever proposed it. */
  readonly accountsRoot: string | null;
  readonly chainHead: string | null;
}

export type PeerMethod = keyof PeerRequests;
export interface PeerCall {
  readonly id: number;
  readonly method: PeerMethod;
  readonly input: unknown;
}
export type PeerAnswer =
  | { readonly id: number; readonly ok: true; readonly output: unknown }
  | {
      readonly id: number;
      readonly ok: false;
      readonly code: string;
      readonly message: string;
      readonly retryable: boolean;
    };
