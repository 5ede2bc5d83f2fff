import { createHash, randomBytes, randomInt, timingSafeEqual } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { Clock } from '#core/ports/clock.ts';
import { writePrivateFile } from '#main/write-private-file.ts';

export const CODE_DIGITS = 8;
export const CODE_LIFE_MS = 10 * 60_000;
export const MAX_ATTEMPTS = 5;

const ticketShape = z.strictObject({
  salt: z.string().max(64),
  hash: z.string().max(64),
  expiresAtMs: z.int(),
  attemptsLeft: z.int().min(0).max(MAX_ATTEMPTS),
  kind: z.enum(['operator', 'viewer']),
});
type Ticket = z.infer<typeof ticketShape>;
export type SessionKind = Ticket['kind'];

export type PairingOutcome =
  | { readonly ok: true; readonly kind: SessionKind }
  /** none: no code is out, it was used or it is too old; locked: too many wrong tries, a new code is needed. */
  | { readonly ok: false; readonly reason: 'none' | 'locked' | 'wrong'; readonly attemptsLeft: number };

/**
 * The one-time code that makes a browser this console's window. It lies (hashed) in the data directory, so that the
 * `gridpact pair` command of the same user can put a new one there while the gateway runs, and a restart forgets no try.
 */
export interface Pairing {
  /** Replaces whatever code was out. */
  issue(kind?: SessionKind): { readonly code: string; readonly expiresAtMs: number };
  redeem(code: string): PairingOutcome;
}

export function createPairing({ dataDir, clock }: { dataDir: string; clock: Clock }): Pairing {
  const file = join(dataDir, 'pairing.json');
  return {
    issue(kind = 'operator') {
      const code = String(randomInt(10 ** CODE_DIGITS)).padStart(CODE_DIGITS, '0');
      const salt = randomBytes(16).toString('hex');
      const expiresAtMs = clock.now() + CODE_LIFE_MS;
      const ticket: Ticket = { salt, hash: hashCode(salt, code), expiresAtMs, attemptsLeft: MAX_ATTEMPTS, kind };
      writePrivateFile(file, JSON.stringify(ticket));
      return { code, expiresAtMs };
    },
    redeem(code) {
      const ticket = readTicket(file);
      if (!ticket || ticket.expiresAtMs <= clock.now()) return { ok: false, reason: 'none', attemptsLeft: 0 };
      if (ticket.attemptsLeft === 0) return { ok: false, reason: 'locked', attemptsLeft: 0 };
      if (sameHash(ticket.hash, hashCode(ticket.salt, code))) {
        rmSync(file);
        return { ok: true, kind: ticket.kind };
      }
      const attemptsLeft = ticket.attemptsLeft - 1;
      writePrivateFile(file, JSON.stringify({ ...ticket, attemptsLeft }));
      return { ok: false, reason: attemptsLeft === 0 ? 'locked' : 'wrong', attemptsLeft };
    },
  };
}

function readTicket(file: string): Ticket | undefined {
  try {
    return ticketShape.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}

function hashCode(salt: string, code: string): string {
  return createHash('sha256').update(`${salt}:${code}`).digest('hex');
}

function sameHash(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
