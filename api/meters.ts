import * as z from 'zod';
import {
  assetId,
  atMs,
  base,
  chainBreak,
  inFile,
  inVillage,
  jobStarted,
  memberId,
  meterId,
  meterKind,
  name,
  optionalText,
  person,
  place,
  source,
  trust,
  villageCommand,
  wh,
} from './shared.ts';

const address = z.object({
  model: z.string().max(64),
  host: z.string().trim().min(1).max(253),
  port: z.int().min(1).max(65_535),
  unit: z.int().min(1).max(247),
});
/** measured: from the register at both edges; gap: nobody heard the meter; spike: held until a person decides. */
export const INTERVAL_STATUS = [
  'measured',
  'gap',
  'spike',
  'reset',
  'estimated',
  'accepted',
  'rejected',
  'none',
] as const;
const intervalStatus = z.enum(INTERVAL_STATUS);
const reading = z.object({ atMs, importWh: wh.nullable(), exportWh: wh.nullable(), powerW: z.number().nullable() });
const quality = z.object({
  measuredHours: z.int(),
  gapHours: z.int(),
  spikes: z.int(),
  resets: z.int(),
  duplicates: z.int(),
});
const row = z.object({
  id: meterId,
  name: z.string(),
  kind: meterKind,
  place: place.nullable(),
  source: source.nullable(),
  asset: assetId.nullable(),
  member: person.nullable(),
  limitW: z.int(),
  simulated: z.boolean(),
  /** This console reads the meter itself. */
  readHere: z.boolean(),
  last: reading.nullable(),
  /** Quality of the last seven days. */
  week: quality,
  /** One entry per hour of the last 48, oldest first. */
  strip: z.array(intervalStatus),
  trust,
  pendingDecisions: z.int(),
});
const flag = z.object({
  meter: meterId,
  meterName: z.string(),
  kind: z.enum(['spike', 'reset', 'gap', 'duplicate']),
  fromMs: atMs,
  toMs: atMs,
  wh: wh.nullable(),
  limitWh: wh.nullable(),
  decision: z.object({ action: z.enum(['accept', 'reject']), by: z.string(), reason: z.string(), atMs }).nullable(),
});

const page = {
  /** Newest first, of some three months. */
  flags: z.array(flag),
  /** Newest first: where frames came from and how far they can be believed. */
  evidence: z.array(
    z.object({
      day: z.string(),
      gateway: z.string(),
      signer: z.enum(['gateway', 'meter', 'import']),
      trust,
      segment: z.string(),
      verified: z.boolean(),
      /** How it does not go on from what its gateway sealed before; null where it does. */
      chainBreak: chainBreak.nullable(),
      hours: z.int(),
    }),
  ),
  /** Of months whose days are not in `evidence`: the file to bring back first. */
  inFile,
  /** Ask `older` for what was before this; null where nothing was. */
  olderMs: atMs.nullable(),
};

export const meters = {
  models: base.output(
    z.object({
      models: z.array(
        z.object({
          id: z.string(),
          brand: z.string(),
          model: z.string(),
          source: z.string(),
          caveats: z.array(z.string()),
        }),
      ),
    }),
  ),
  /** Reads the meter once, without adding it. */
  test: base.input(inVillage.extend({ address })).output(
    z.object({
      identity: z.object({
        manufacturer: z.string().nullable(),
        model: z.string().nullable(),
        serial: z.string().nullable(),
        simulated: z.boolean(),
      }),
      reading,
    }),
  ),
  add: base
    .input(
      villageCommand.extend({
        name,
        kind: meterKind,
        place: place.nullable(),
        source: source.nullable(),
        asset: assetId.nullable(),
        member: memberId.nullable(),
        limitW: z.int().min(10).max(10_000_000),
        address,
      }),
    )
    .output(z.object({ meter: meterId })),
  list: base.input(inVillage).output(z.object({ meters: z.array(row) })),
  get: base.input(inVillage.extend({ meter: meterId })).output(
    row.extend({
      address: address.nullable(),
      serial: z.string().nullable(),
      manufacturer: z.string().nullable(),
      modelName: z.string().nullable(),
      since: atMs,
      ...page,
    }),
  ),
  /** Flags and evidence of a meter before an instant: the page that `olderMs` of the card or of the last page names. */
  older: base.input(inVillage.extend({ meter: meterId, beforeMs: atMs })).output(z.object(page)),
  /** Energy per step; wh is null where nobody knows. Steps are hours or days of village time; at most 4,000. */
  series: base
    .input(
      inVillage.extend({
        meter: meterId,
        fromMs: atMs,
        toMs: atMs,
        stepMs: z.union([z.literal(3_600_000), z.literal(86_400_000)]),
      }),
    )
    .output(
      z.object({
        points: z.array(z.object({ fromMs: atMs, wh: wh.nullable(), heldWh: wh.nullable(), status: intervalStatus })),
      }),
    ),
  /** Those of the last month; with `pendingOnly` every spike that waits for a decision, however old. */
  flags: base.input(inVillage.extend({ pendingOnly: z.boolean() })).output(z.object({ flags: z.array(flag) })),
  decide: base
    .input(
      villageCommand.extend({
        meter: meterId,
        fromMs: atMs,
        action: z.enum(['accept', 'reject']),
        reason: z.string().trim().min(3).max(400),
      }),
    )
    .output(z.object({})),
  /** A register read by eye. Counts for nothing until a second person vouches for it. */
  enterReading: base
    .input(villageCommand.extend({ meter: meterId, atMs, importWh: wh, reason: z.string().trim().min(3).max(400) }))
    .output(z.object({ entry: z.string() })),
  /** Hourly logger file, `hour,name,name,...` in village time. */
  importFile: base
    .input(
      villageCommand.extend({
        fileName: z.string().max(200),
        text: z.string().max(16_000_000),
        columns: z.record(z.string(), meterId),
      }),
    )
    .output(jobStarted),
  entries: base.input(inVillage).output(
    z.object({
      entries: z.array(
        z.object({
          id: z.string(),
          kind: z.enum(['hand', 'file']),
          label: z.string(),
          author: z.string(),
          voucher: z.string().nullable(),
          atMs,
          hours: z.int(),
          wh,
          canVouch: z.boolean(),
        }),
      ),
    }),
  ),
  vouch: base
    .input(villageCommand.extend({ entry: z.string(), document: z.string().trim().min(3).max(400) }))
    .output(z.object({})),
};

export const assets = {
  list: base.input(inVillage).output(
    z.object({
      assets: z.array(
        z.object({
          id: assetId,
          name: z.string(),
          source,
          /** null: this console may not read it. */
          serial: z.string().nullable(),
          district: z.string().nullable(),
          place: z.string().nullable(),
          contract: z.string().nullable(),
          capacityW: z.int(),
          storageWh: wh.nullable(),
          owner: person.nullable(),
          host: person.nullable(),
          meter: meterId.nullable(),
          todayWh: wh.nullable(),
          nowW: z.number().nullable(),
          simulated: z.boolean(),
        }),
      ),
    }),
  ),
  add: base
    .input(
      villageCommand.extend({
        name,
        source,
        serial: z.string().trim().min(1).max(64),
        district: optionalText(80),
        place: optionalText(200),
        contract: optionalText(400),
        capacityW: z.int().min(1),
        storageWh: wh.nullable(),
        owner: memberId,
        host: memberId.nullable(),
      }),
    )
    .output(z.object({ asset: assetId })),
};
