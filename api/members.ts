import * as z from 'zod';
import {
  agreementId,
  atMs,
  base,
  deviceId,
  inVillage,
  memberId,
  meterId,
  minorAmount,
  month,
  name,
  optionalText,
  pin,
  role,
  standing,
  villageCommand,
} from './shared.ts';

const row = z.object({
  id: memberId,
  name: z.string(),
  kind: z.enum(['person', 'organisation']),
  roles: z.array(role),
  isMe: z.boolean(),
  /** This core's keystore holds the key, so the person can sign here with their PIN. */
  keyHere: z.boolean(),
  /** Sum of statements that are settled or signed and not yet paid; + the village owes them. */
  balanceMinor: minorAmount,
  meters: z.int(),
  agreements: z.int(),
  lastHeardAtMs: atMs.nullable(),
  standing,
});

export const members = {
  list: base.input(inVillage).output(z.object({ members: z.array(row) })),
  get: base.input(inVillage.extend({ member: memberId })).output(
    row.extend({
      phone: z.string().nullable(),
      note: z.string().nullable(),
      address: z.string().nullable(),
      since: atMs,
      admittedBy: z.string(),
      signatories: z
        .object({ members: z.array(z.object({ id: memberId, name: z.string() })), threshold: z.int() })
        .nullable(),
      devices: z.array(z.object({ id: deviceId, grantedAtMs: atMs, revoked: z.boolean(), here: z.boolean() })),
      meterList: z.array(z.object({ id: meterId, name: z.string(), monthWh: z.bigint().nullable() })),
      agreementList: z.array(z.object({ id: agreementId, title: z.string(), state: z.string() })),
      statements: z.array(
        z.object({ month, netMinor: minorAmount, state: z.enum(['signed', 'queued', 'settled', 'final']) }),
      ),
    }),
  ),
  /** Adds a member whose key lives in this console's keystore under their own PIN. Words are answered once. */
  add: base
    .input(
      villageCommand.extend({
        name,
        phone: optionalText(40),
        roles: z.array(role).min(1),
        pin,
      }),
    )
    .output(z.object({ member: memberId, words: z.array(z.string()) })),
  addOrganisation: base
    .input(
      villageCommand.extend({
        name,
        phone: optionalText(40),
        roles: z.array(role).min(1),
        signatories: z.array(memberId).min(1).max(9),
        threshold: z.int().min(1),
      }),
    )
    .output(z.object({ member: memberId })),
  edit: base
    .input(villageCommand.extend({ member: memberId, name, phone: optionalText(40), note: optionalText(400) }))
    .output(z.object({})),
  setRoles: base.input(villageCommand.extend({ member: memberId, roles: z.array(role).min(1) })).output(z.object({})),
  rotateKey: base
    .input(villageCommand.extend({ member: memberId, pin, newPin: pin }))
    .output(z.object({ words: z.array(z.string()) })),
  /** Brings a key back from its paper words to this console. */
  recoverKey: base
    .input(villageCommand.extend({ member: memberId, words: z.string().max(400), newPin: pin }))
    .output(z.object({})),
};
