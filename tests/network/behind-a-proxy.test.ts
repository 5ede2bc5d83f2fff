import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { afterEach, expect, test, vi } from 'vitest';
import { startRemoteNode } from '#p2p/test-remote.ts';
import { makeTestDir } from '#p2p/test-village.ts';

const WAIT = { timeout: 50_000, interval: 100 };
const ending: (() => unknown)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (let end = ending.pop(); end; end = ending.pop()) await end();
});

/** A certificate for localhost that signs itself; undefined where openssl is missing. */
function makeCertificate() {
  const dir = makeTestDir();
  const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-days', '2'];
  try {
    execFileSync('openssl', ['req', '-x509', ...curve, '-keyout', key, '-out', cert, ...names], { stdio: 'ignore' });
    return { key: readFileSync(key), cert: readFileSync(cert), path: cert };
  } catch {
    return undefined;
  }
}
const certificate = makeCertificate();
if (!certificate) console.warn('SKIPPED, NOT PASSED: a console behind a TLS proxy (no openssl)');

test.skipIf(!certificate)(
  'a console behind a web proxy is reached over /wss and replicates',
  async () => {
    if (!certificate) return;
    const hidden = await startRemoteNode({
      dir: makeTestDir(),
      seed: randomBytes(32),
      listen: '/ip4/127.0.0.1/tcp/0/ws',
    });
    ending.push(() => hidden.call('stop'));
    const address = await hidden.call<string>('address');
    const [, port = '', peer = ''] = /\/tcp\/(\d+)\/ws\/p2p\/(.+)$/.exec(address) ?? [];
    const proxy = createServer(certificate, (from) => {
      const to = connect(Number(port), '127.0.0.1');
      for (const socket of [from, to]) socket.on('error', () => undefined);
      from.pipe(to).pipe(from);
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    ending.push(() => proxy.close());
    const { port: proxyPort } = proxy.address() as AddressInfo;

    vi.stubEnv('NODE_EXTRA_CA_CERTS', certificate.path);
    const guest = await startRemoteNode({ dir: makeTestDir(), seed: randomBytes(32) });
    ending.push(() => guest.call('stop'));
    await hidden.call('append', 'assets', 'behind the proxy');
    await guest.call('dial', `/dns4/localhost/tcp/${proxyPort}/wss/p2p/${peer}`);
    await vi.waitFor(async () => expect(await guest.call('ids', 'assets')).toHaveLength(1), WAIT);
  },
  60_000,
);
