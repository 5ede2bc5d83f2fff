import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Core } from '#core/core.ts';
import { startGateway } from './server.ts';
import { readTlsFiles, type TlsIdentity } from './tls-files.ts';

const fixtures = join(import.meta.dirname, 'fixtures');
const [certFile, keyFile] = [join(fixtures, 'test-only.crt'), join(fixtures, 'test-only.key')];
const core: Core = { router: {}, context: (session) => ({ session }), stop: async () => undefined };
const dir = mkdtempSync(join(tmpdir(), 'gateway-tls-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test('a certificate’s own names are read, wildcards are not', () => {
  expect(readTlsFiles(certFile, keyFile).names).toEqual(['gateway.village.test', '192.0.2.7']);
});

test('a missing file, a file of another kind and a key of another certificate are each named', () => {
  expect(() => readTlsFiles(join(dir, 'none.crt'), keyFile)).toThrow(/--tls-cert .*none\.crt cannot be read/);
  expect(() => readTlsFiles(keyFile, keyFile)).toThrow(/test-only\.key is not a PEM certificate/);
  expect(() => readTlsFiles(certFile, certFile)).toThrow(/test-only\.crt is not a PEM private key/);
  expect(() => readTlsFiles(certFile, join(fixtures, 'test-only-other.key'))).toThrow(/is not the key of/);
});

test('on the local network it answers over TLS to its own addresses and the certificate’s names, and to no other', async () => {
  writeFileSync(join(dir, 'index.html'), '<!doctype html>');
  const tls = readTlsFiles(certFile, keyFile);
  const gateway = await startGateway({ core, root: dir, host: '0.0.0.0', port: 0, dataDir: join(dir, 'data'), tls });
  try {
    const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    const names = own.map(({ address, family }) => (family === 'IPv6' ? `[${address}]` : address));
    for (const name of [...names, 'gateway.village.test', '192.0.2.7', 'localhost']) {
      expect(await statusFor(gateway.port, `${name}:${gateway.port}`, tls), name).toBe(200);
    }
    for (const name of ['evil.example', 'a.wild.test', '192.0.2.8', '192.0.2.7.evil.example']) {
      expect(await statusFor(gateway.port, `${name}:${gateway.port}`, tls), name).toBe(421);
    }
    const link = gateway.issueCode();
    const origin = `https://localhost:${gateway.port}`;
    const paired = await fetchPair(gateway.port, origin, link.code, tls);
    expect(paired.status).toBe(200);
    expect(paired.cookie).toContain('; Secure');
    expect(link.link).toBe(`${origin}/#pair=${link.code}`);
  } finally {
    await gateway.stop();
  }
});

function statusFor(port: number, host: string, { cert }: TlsIdentity): Promise<number> {
  return new Promise((resolve, reject) => {
    request({ ...trusting(cert), port, headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
}

function fetchPair(
  port: number,
  origin: string,
  code: string,
  { cert }: TlsIdentity,
): Promise<{ status: number; cookie: string }> {
  const headers = { host: origin.slice('https://'.length), origin, 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    request({ ...trusting(cert), port, method: 'POST', path: '/pair', headers }, (response) => {
      response.resume();
      resolve({ status: response.statusCode ?? 0, cookie: response.headers['set-cookie']?.[0] ?? '' });
    })
      .on('error', reject)
      .end(JSON.stringify({ code }));
  });
}

const trusting = (ca: string) => ({ host: '127.0.0.1', ca, servername: 'gateway.village.test', agent: false as const });
