import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { MAX_SESSIONS, openSessions, readCookie, SESSION_IDLE_MS } from './sessions.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'sessions-'));
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

test('no Cookie header makes the reader throw or find what is not there', () => {
  const id = 'A'.repeat(43);
  expect(readCookie(`a=b; gridpact_1=${id}; c=d`, 'gridpact_1')).toBe(id);
  expect(readCookie(`xgridpact_1=${id}`, 'gridpact_1')).toBeUndefined();
  expect(readCookie(`gridpact_1="${id}"`, 'gridpact_1')).toBeUndefined();
  fc.assert(
    fc.property(fc.string({ maxLength: 400 }), (header) => {
      const found = readCookie(header, 'gridpact_1');
      if (found !== undefined) expect(header).toContain(`gridpact_1=${found}`);
    }),
  );
});

test('the oldest browser is forgotten when too many are paired; one that comes often stays', () => {
  const clock = { nowMs: 0, now: () => clock.nowMs };
  const sessions = openSessions({ dataDir, clock });
  const cookie = (id: string): string => `${sessions.cookieName}=${id}`;
  const first = cookie(sessions.open('operator'));
  const others = Array.from({ length: MAX_SESSIONS - 1 }, () => cookie(sessions.open('operator')));
  expect(sessions.find(first)).toEqual({ kind: 'operator' });
  sessions.open('viewer');
  expect(sessions.find(first)).toBeUndefined();
  expect(JSON.parse(readFileSync(join(dataDir, 'sessions.json'), 'utf8')).sessions).toHaveLength(MAX_SESSIONS);
  const [often = '', never = ''] = others;
  for (let day = 0; day < 200; day++) {
    clock.nowMs += SESSION_IDLE_MS / 180;
    expect(sessions.find(often)).toEqual({ kind: 'operator' });
  }
  expect(sessions.find(never)).toBeUndefined();
});
