import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/websocket';
import { os, type RouterClient } from '@orpc/server';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { Core, CoreContext } from '#core/core.ts';
import { CODE_LIFE_MS, MAX_ATTEMPTS } from './pairing.ts';
import { cookieOf, createRoughBrowser } from './rough-browser.ts';
import { MAX_MESSAGE_BYTES, MAX_SOCKETS } from './rpc-sockets.ts';
import { type Gateway, startGateway } from './server.ts';
import { SESSION_IDLE_MS } from './sessions.ts';

const router = {
  whoAmI: os.$context<CoreContext>().handler(({ context }) => ({ kind: context.session.kind, wh: 2n ** 70n })),
};
const core: Core = { router, context: (session) => ({ session }), stop: async () => undefined };
const clock = { nowMs: 1_700_000_000_000, now: () => clock.nowMs };

let dir: string;
let gateway: Gateway;
const { origin, ask, tryCode, openSocket, knock, sendRaw } = createRoughBrowser(() => gateway.port);

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'gateway-'));
  const root = join(dir, 'renderer');
  mkdirSync(join(root, 'assets'), { recursive: true });
  writeFileSync(join(root, 'index.html'), '<!doctype html><style nonce="GRIDPACT_NONCE"></style>');
  writeFileSync(join(root, 'assets/index-Ab12_-Cd.js'), 'console.log(1)');
  writeFileSync(join(root, 'favicon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  writeFileSync(join(root, 'secret.unknown'), 'no type, no answer');
  writeFileSync(join(dir, 'outside.js'), 'outside');
  symlinkSync(join(dir, 'outside.js'), join(root, 'link.js'));
  gateway = await open();
});

afterEach(async () => {
  await gateway.stop();
  rmSync(dir, { recursive: true, force: true });
});

test('the page comes with a strict policy, a fresh nonce and no cache; hashed files may be kept for ever', async () => {
  const [page, again, script] = [await ask('/'), await ask('/'), await ask('/assets/index-Ab12_-Cd.js')];
  const nonce = /nonce="([^"]+)"/.exec(page.body)?.[1];
  expect(page.status).toBe(200);
  expect(nonce).toMatch(/^[A-Za-z0-9+/]{22}==$/);
  expect(again.body).not.toBe(page.body);
  expect(page.headers['content-security-policy']).toContain(`style-src 'self' 'nonce-${nonce}'`);
  expect(page.headers['content-security-policy']).toContain("script-src 'self';");
  expect(page.headers['content-security-policy']).not.toContain('unsafe');
  expect(page.headers['cache-control']).toBe('no-store');
  expect(page.headers['x-content-type-options']).toBe('nosniff');
  expect(script.headers['content-type']).toBe('text/javascript; charset=utf-8');
  expect(script.headers['cache-control']).toBe('public, max-age=31536000, immutable');
  expect((await ask('/favicon.svg')).headers['cache-control']).toBe('no-cache');
});

test.each([
  '/../outside.js',
  '/..%2foutside.js',
  '/%2e%2e/outside.js',
  '/assets/../../outside.js',
  '/assets/..%5c..%5coutside.js',
  '//outside.js',
  '/link.js',
  '/secret.unknown',
  '/assets/',
  '/index.html%00.js',
  'http://evil.example/outside.js',
])('a path that leaves the console or names no file of it is not found: %s', async (path) => {
  const answer = await ask(path);
  expect(answer.status).toBe(404);
  expect(answer.body).not.toContain('outside');
});

test('a foreign or malformed Host gets nothing, whatever it asks for', async () => {
  const cookie = await pair();
  for (const host of foreignHosts()) {
    for (const path of ['/', '/session', '/pair', '/assets/index-Ab12_-Cd.js']) {
      const answer = await ask(path, { headers: { host, cookie } });
      expect([400, 421], `${host} ${path}`).toContain(answer.status);
    }
    expect(await knock({ host, cookie, origin: `http://${host}` })).not.toBe(101);
  }
});

test('this machine’s other addresses are foreign names as long as the gateway is on loopback only', async () => {
  const lan = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  for (const { address, family } of lan.filter((each) => !each.internal)) {
    const name = family === 'IPv6' ? `[${address}]` : address;
    expect((await ask('/', { headers: { host: `${name}:${gateway.port}` } })).status).toBe(421);
  }
});

test('the right code gives a cookie that scripts and other sites cannot use, and opens the core', async () => {
  expect(await session('')).toEqual({ status: 401, paired: false });
  const answer = await tryCode(gateway.issueCode().code);
  expect(answer.status).toBe(200);
  const set = answer.headers['set-cookie']?.[0] ?? '';
  expect(set).toMatch(/^gridpact_[0-9a-f]{8}=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/; Max-Age=\d+$/);
  const cookie = set.split(';')[0] ?? '';
  expect(await session(cookie)).toEqual({ status: 200, paired: true });
  await expect(callWhoAmI(cookie)).resolves.toEqual({ kind: 'operator', wh: 2n ** 70n });
});

test('a viewer’s code makes a session that may only look', async () => {
  const answer = await tryCode(gateway.issueCode('viewer').code);
  const cookie = cookieOf(answer);
  await expect(callWhoAmI(cookie)).resolves.toMatchObject({ kind: 'viewer' });
});

test('a code works once', async () => {
  const { code } = gateway.issueCode();
  expect((await tryCode(code)).status).toBe(200);
  expect(await reasonOf(code)).toEqual([429, 'none']);
});

test('a code expires', async () => {
  const { code } = gateway.issueCode();
  clock.nowMs += CODE_LIFE_MS;
  expect(await reasonOf(code)).toEqual([429, 'none']);
});

test('a new code voids the one before', async () => {
  const first = gateway.issueCode().code;
  const second = gateway.issueCode().code;
  expect((await reasonOf(first))[0]).toBe(403);
  expect((await tryCode(second)).status).toBe(200);
});

test('too many wrong codes lock even the right one out, over a restart, until a new one is made', async () => {
  const { code } = gateway.issueCode();
  for (let left = MAX_ATTEMPTS - 1; left > 0; left--) expect(await reasonOf(wrong(code))).toEqual([403, 'wrong']);
  expect(await reasonOf(wrong(code))).toEqual([429, 'locked']);
  expect(await reasonOf(code)).toEqual([429, 'locked']);
  await restart();
  expect(await reasonOf(code)).toEqual([429, 'locked']);
  expect((await tryCode(gateway.issueCode().code)).status).toBe(200);
});

test('pairing answers only this very page: no foreign, missing, null or look-alike origin', async () => {
  const { code } = gateway.issueCode();
  for (const origin of foreignOrigins()) expect((await tryCode(code, { origin })).status, origin).toBe(403);
  expect((await tryCode(code)).status).toBe(200);
});

test('pairing refuses forms, large bodies and other shapes without counting a try', async () => {
  const { code } = gateway.issueCode();
  const bodies: [string, string, number][] = [
    ['text/plain', JSON.stringify({ code }), 415],
    ['application/x-www-form-urlencoded', `code=${code}`, 415],
    ['application/json', JSON.stringify({ code, pad: 'x'.repeat(300) }), 413],
    ['application/json', '{"code":', 400],
    ['application/json', JSON.stringify({ code: Number(code) }), 400],
    ['application/json', JSON.stringify({ code, admin: true }), 400],
    ['application/json', 'null', 400],
  ];
  for (let round = 0; round < MAX_ATTEMPTS; round++) {
    for (const [type, body, status] of bodies) {
      const answer = await ask('/pair', { method: 'POST', body, headers: { 'content-type': type, origin: origin() } });
      expect(answer.status).toBe(status);
    }
  }
  expect((await tryCode(code)).status).toBe(200);
});

test('sessions survive a restart, lie on disk only as hashes readable by this user, and end when idle for long', async () => {
  const cookie = await pair();
  await restart();
  expect(await session(cookie)).toEqual({ status: 200, paired: true });
  const file = join(dir, 'data', 'sessions.json');
  expect(readFileSync(file, 'utf8')).not.toContain(cookie.split('=')[1]);
  expect(statSync(file).mode & 0o077).toBe(0);
  clock.nowMs += SESSION_IDLE_MS;
  expect(await session(cookie)).toEqual({ status: 401, paired: false });
});

test('a damaged session file costs a new pairing, never the start', async () => {
  const cookie = await pair();
  await gateway.stop();
  writeFileSync(join(dir, 'data', 'sessions.json'), '{"sessions":[{');
  gateway = await open();
  expect(await session(cookie)).toEqual({ status: 401, paired: false });
  expect(await pair()).toBeTruthy();
});

test('the socket opens for a paired page of this origin and for nobody else', async () => {
  const cookie = await pair();
  expect(await knock({ cookie, origin: origin() })).toBe(101);
  expect(await knock({ origin: origin() })).toBe(401);
  expect(await knock({ cookie: `${cookie.slice(0, -1)}!`, origin: origin() })).toBe(401);
  expect(await knock({ cookie: `x${cookie}`, origin: origin() })).toBe(401);
  expect(await knock({ cookie, origin: origin(), path: '/rpc/../rpc' })).toBe(404);
  expect(await knock({ cookie })).toBe(403);
  for (const foreign of foreignOrigins()) expect(await knock({ cookie, origin: foreign }), foreign).toBe(403);
  const localhost = `localhost:${gateway.port}`;
  expect(await knock({ cookie, host: localhost, origin: `http://${localhost}` })).toBe(101);
  expect(await knock({ cookie, host: localhost, origin: origin() })).toBe(403);
});

test('an oversized message closes that socket only', async () => {
  const cookie = await pair();
  const other = await openSocket(cookie);
  const socket = await openSocket(cookie);
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  socket.on('error', () => undefined);
  socket.send(Buffer.alloc(MAX_MESSAGE_BYTES + 1));
  expect(await closed).toBe(1009);
  expect(other.readyState).toBe(WebSocket.OPEN);
  await expect(callWhoAmI(cookie)).resolves.toMatchObject({ kind: 'operator' });
});

test('more sockets than allowed are refused, and a freed place is given again', async () => {
  const cookie = await pair();
  const sockets = await Promise.all(Array.from({ length: MAX_SOCKETS }, () => openSocket(cookie)));
  expect(await knock({ cookie, origin: origin() })).toBe(503);
  const gone = new Promise((resolve) => sockets[0]?.once('close', resolve));
  sockets[0]?.close();
  await gone;
  await expect.poll(() => knock({ cookie, origin: origin() })).toBe(101);
});

test('a browser that vanished without a word is noticed', async () => {
  await gateway.stop();
  gateway = await open({ pingEveryMs: 250 });
  const cookie = await pair();
  const alive = await openSocket(cookie);
  const dead = await openSocket(cookie, { autoPong: false });
  await new Promise((resolve) => dead.once('close', resolve));
  expect(alive.readyState).toBe(WebSocket.OPEN);
});

test('oversized headers and broken HTTP are answered and cut off', async () => {
  const lines = `GET / HTTP/1.1\r\nHost: 127.0.0.1:${gateway.port}\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`;
  expect(await sendRaw(lines)).toMatch(/^HTTP\/1\.1 400 /);
  expect(await sendRaw('\u0000\u0001 nonsense\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
  expect((await ask('/')).status).toBe(200);
});

test('only reading is possible', async () => {
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE']) {
    expect((await ask('/', { method })).status).toBe(405);
    expect((await ask('/session', { method })).status).toBe(405);
  }
  expect((await ask('/pair')).status).toBe(405);
  expect((await ask('/', { method: 'HEAD' })).body).toBe('');
});

test('it will not show itself to the network without TLS', async () => {
  await expect(open({ host: '0.0.0.0' })).rejects.toMatchObject({ code: 'BAD_INPUT' });
  await expect(open({ host: '192.0.2.1' })).rejects.toThrow(/--tls-cert/);
});

test('a taken port is named', async () => {
  await expect(open({ port: gateway.port })).rejects.toThrow(new RegExp(`Port ${gateway.port} .* is taken`));
});

test('stop says goodbye to every browser and frees the port', async () => {
  const socket = await openSocket(await pair());
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  await gateway.stop();
  expect(await closed).toBe(1001);
  gateway = await open({ port: gateway.port });
  expect((await ask('/')).status).toBe(200);
});

function open(more: { host?: string; port?: number; pingEveryMs?: number } = {}): Promise<Gateway> {
  return startGateway({ core, root: join(dir, 'renderer'), dataDir: join(dir, 'data'), port: 0, clock, ...more });
}

async function restart(): Promise<void> {
  const { port } = gateway;
  await gateway.stop();
  gateway = await open({ port });
}

const wrong = (code: string): string => String((Number(code) + 1) % 10 ** 8).padStart(8, '0');

async function reasonOf(code: string): Promise<[number, unknown]> {
  const answer = await tryCode(code);
  return [answer.status, JSON.parse(answer.body).reason];
}

async function pair(): Promise<string> {
  return cookieOf(await tryCode(gateway.issueCode().code));
}

async function session(cookie: string): Promise<{ status: number; paired: boolean }> {
  const answer = await ask('/session', { headers: { cookie } });
  return { status: answer.status, ...JSON.parse(answer.body) };
}

async function callWhoAmI(cookie: string): Promise<{ kind: string; wh: bigint }> {
  const websocket = await openSocket(cookie);
  const client: RouterClient<typeof router> = createORPCClient(
    new RPCLink({ websocket: websocket as unknown as globalThis.WebSocket }),
  );
  const answer = await client.whoAmI();
  websocket.terminate();
  return answer;
}

function foreignHosts(): string[] {
  const { port } = gateway;
  return [
    'evil.example',
    `evil.example:${port}`,
    `127.0.0.1.evil.example:${port}`,
    `localhost.evil.example:${port}`,
    `127.0.0.1:${port}.evil.example`,
    `127.0.0.1:${port + 1}`,
    `127.0.0.11:${port}`,
    `0x7f.1:${port}`,
    `127.1:${port}`,
    `user@127.0.0.1:${port}`,
    `[::ffff:127.0.0.1]:${port}`,
    `LOCALHOST:${port}/`,
    '127.0.0.1',
  ];
}

function foreignOrigins(): string[] {
  return [
    'http://evil.example',
    'null',
    `${origin()}.evil.example`,
    `http://127.0.0.1.evil.example:${gateway.port}`,
    `https://127.0.0.1:${gateway.port}`,
    `http://127.0.0.1:${gateway.port + 1}`,
    `http://localhost:${gateway.port}`,
    `${origin()}/`,
    'file://',
  ];
}
