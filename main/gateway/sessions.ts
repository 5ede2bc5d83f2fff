import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { Clock } from '#core/ports/clock.ts';
import { writePrivateFile } from '#main/write-private-file.ts';
import type { SessionKind } from './pairing.ts';

export const SESSION_IDLE_MS = 180 * 24 * 3_600_000;
export const MAX_SESSIONS = 64;
const NOTE_SEEN_EVERY_MS = 24 * 3_600_000;

const storeShape = z.strictObject({
  /** Browsers share cookies between ports of one host; the name keeps two consoles on one machine apart. */
  instance: z.string().regex(/^[0-9a-f]{8}$/),
  sessions: z
    .array(
      z.strictObject({
        hash: z.string().regex(/^[0-9a-f]{64}$/),
        kind: z.enum(['operator', 'viewer']),
        seenAtMs: z.int(),
      }),
    )
    .max(MAX_SESSIONS),
});
type Store = z.infer<typeof storeShape>;

/** Paired browsers. The disk holds hashes only; a restart keeps every browser paired. */
export interface Sessions {
  readonly cookieName: string;
  /** A fresh session id, to be set as the cookie's value. */
  open(kind: SessionKind): string;
  /** Who a Cookie header belongs to. */
  find(cookieHeader: string | undefined): { readonly kind: SessionKind } | undefined;
}

export function openSessions({ dataDir, clock }: { dataDir: string; clock: Clock }): Sessions {
  const file = join(dataDir, 'sessions.json');
  let store = readStore(file) ?? { instance: randomBytes(4).toString('hex'), sessions: [] };
  const cookieName = `gridpact_${store.instance}`;

  function save(sessions: Store['sessions']): void {
    const alive = sessions.filter((session) => session.seenAtMs > clock.now() - SESSION_IDLE_MS);
    store = { ...store, sessions: alive.slice(-MAX_SESSIONS) };
    writePrivateFile(file, JSON.stringify(store));
  }

  return {
    cookieName,
    open(kind) {
      const id = randomBytes(32).toString('base64url');
      save([...store.sessions, { hash: hashId(id), kind, seenAtMs: clock.now() }]);
      return id;
    },
    find(cookieHeader) {
      const id = readCookie(cookieHeader, cookieName);
      if (id === undefined) return undefined;
      const hash = hashId(id);
      const session = store.sessions.find((each) => each.hash === hash);
      if (!session || session.seenAtMs <= clock.now() - SESSION_IDLE_MS) return undefined;
      if (clock.now() - session.seenAtMs > NOTE_SEEN_EVERY_MS) {
        save([...store.sessions.filter((each) => each !== session), { ...session, seenAtMs: clock.now() }]);
      }
      return { kind: session.kind };
    },
  };
}

export function readCookie(header: string | undefined, name: string): string | undefined {
  for (const part of (header ?? '').split(';')) {
    const [key, value] = part.trim().split('=', 2);
    if (key === name && value !== undefined && /^[\w-]{43}$/.test(value)) return value;
  }
  return undefined;
}

/** A damaged file costs a new pairing, never a start. */
function readStore(file: string): Store | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return storeShape.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}

/** 256 random bits need no slow hash; looking up by hash leaks nothing about the id through time. */
function hashId(id: string): string {
  return createHash('sha256').update(id).digest('hex');
}
