import * as z from 'zod';
import {
  base,
  command,
  commandId,
  deviceId,
  inVillage,
  jobStarted,
  memberId,
  name,
  person,
  pin,
  role,
  villageCommand,
  villageId,
} from './shared.ts';

const currency = z.object({ code: z.string().regex(/^[A-Z]{3}$/), exponent: z.int().min(0).max(4) });
const keyHolder = z.enum(['safe-storage', 'tpm', 'passphrase', 'none']);
const village = z.object({
  id: villageId,
  name: z.string(),
  currency,
  zoneOffsetMin: z.int(),
  simulated: z.boolean(),
  /** False until the founding record has been copied here (after join). */
  ready: z.boolean(),
  me: z.object({ id: memberId, name: z.string(), roles: z.array(role) }).nullable(),
  device: deviceId,
  /** The folder was restored or copied: it writes again once it is a new device. */
  copied: z.boolean(),
});

export const villages = {
  /** What this console is and which villages it holds. First call of every window. */
  state: base.output(
    z.object({
      version: z.string(),
      host: z.enum(['electron', 'gateway', 'command-line']),
      /** Who holds the data key that encrypts private fields and keys at rest. */
      dataKey: keyHolder,
      language: z.string().nullable(),
      nowMs: z.int(),
      villages: z.array(village),
      /** A demo village that is being made or runs here. */
      demo: z.object({ job: z.string().nullable(), village: villageId.nullable() }),
    }),
  ),
  setLanguage: base.input(command.extend({ language: z.string().regex(/^[a-z]{2}$/) })).output(z.object({})),
  /** Founds a village with this person as first coordinator. The paper words are answered once and never again. */
  found: base
    .input(
      command.extend({
        name,
        currency,
        zoneOffsetMin: z.int().min(-720).max(840),
        you: z.object({ name, roles: z.array(role) }),
        pin,
      }),
    )
    .output(z.object({ village: villageId, words: z.array(z.string()) })),
  /** Reads an invitation without using it. */
  readInvitation: base.input(z.object({ text: z.string().max(8192) })).output(
    z.object({
      village: z.string(),
      villageName: z.string(),
      name: z.string(),
      roles: z.array(role),
      expiresAtMs: z.int(),
      invitedBy: z.string(),
    }),
  ),
  join: base
    .input(command.extend({ text: z.string().max(8192), name, pin }))
    .output(z.object({ village: villageId, words: z.array(z.string()) })),
  /** What this member carries to a second console of theirs; useless without their paper words. */
  consolePass: base.input(inVillage).output(z.object({ text: z.string() })),
  readConsolePass: base
    .input(z.object({ text: z.string().max(8192) }))
    .output(z.object({ village: z.string(), villageName: z.string(), name: z.string() })),
  /** Makes this console one more device of the member whose paper words these are. */
  addConsole: base
    .input(command.extend({ text: z.string().max(8192), words: z.string().max(400), pin }))
    .output(z.object({ village: villageId })),
  invite: base
    .input(villageCommand.extend({ name, roles: z.array(role).min(1), days: z.int().min(1).max(60), pin }))
    .output(z.object({ text: z.string(), expiresAtMs: z.int() })),
  /** Makes (once) and opens a simulated village with real protocol traffic behind it. */
  startDemo: base.input(z.object({ commandId })).output(jobStarted),
  settings: base.input(inVillage).output(
    z.object({
      name: z.string(),
      currency,
      zoneOffsetMin: z.int(),
      founded: z.int(),
      coordinators: z.object({ members: z.array(person), threshold: z.int() }),
      /** Changes of the coordinators that some have signed and that still lack signatures. */
      pendingCoordinators: z.array(
        z.object({ members: z.array(person), threshold: z.int(), signedBy: z.array(person), needed: z.int() }),
      ),
      chain: z.object({ chainId: z.int(), ledger: z.string(), genesis: z.string(), hereByDevice: z.boolean() }),
      debtFloorMinor: z.bigint(),
      reservePercent: z.int(),
      dataDirectory: z.string(),
      listen: z.array(z.string()),
      network: z.object({
        /** When the network key was last changed; null: it is the one the village started with. */
        changedAtMs: z.int().nullable(),
        /** Consoles that hold the newest key, and all that may write. */
        have: z.int(),
        consoles: z.int(),
        /** Until when the key before it still opens the network; null: it does not. */
        oldUntilMs: z.int().nullable(),
        /** A console that was taken out still knows the key. */
        exposed: z.boolean(),
      }),
      devices: z.array(
        z.object({
          id: deviceId,
          member: memberId,
          memberName: z.string(),
          grantedAtMs: z.int(),
          revoked: z.boolean(),
          here: z.boolean(),
        }),
      ),
    }),
  ),
  /** Policy: coordinators who close accounts, and how many must sign. Signed on the chain by the present ones. */
  setCoordinators: base
    .input(
      villageCommand.extend({
        members: z.array(memberId).min(1).max(16),
        threshold: z.int().min(1),
        signer: memberId,
        pin,
      }),
    )
    .output(z.object({})),
  /** Makes the console of a restored copy a new device of its member. */
  becomeNewDevice: base.input(villageCommand.extend({ pin })).output(z.object({ device: deviceId })),
  /**
   * `counts`: of what it wrote, what is here so far, or nothing that is not settled, where it was never its member's. A
   * device that was taken out already can be so again: each book's lower number counts.
   */
  revokeDevice: base
    .input(
      villageCommand.extend({
        device: deviceId,
        reason: z.string().min(3).max(400),
        counts: z.enum(['so-far', 'nothing']),
      }),
    )
    .output(z.object({})),
  /** Gives every console that may write a new key of the village network. */
  changeNetworkKey: base.input(villageCommand).output(z.object({})),
  /** A text file of versions, counts and states for support. Holds no key, name or reading. */
  diagnostics: base.input(inVillage).output(z.object({ text: z.string() })),
};
