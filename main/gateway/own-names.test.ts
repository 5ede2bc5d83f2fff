import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createOwnNames, parseAuthority } from './own-names.ts';

test.each([
  ['127.0.0.1:4646', { hostname: '127.0.0.1', port: 4646 }],
  ['localhost', { hostname: 'localhost', port: 80 }],
  ['[::1]:8443', { hostname: '::1', port: 8443 }],
  ['gateway.village.test:1', { hostname: 'gateway.village.test', port: 1 }],
])('a Host header as a browser sends it is read whole: %s', (text, authority) => {
  expect(parseAuthority(text, 80)).toEqual(authority);
});

test.each([
  undefined,
  '',
  ':80',
  'localhost:',
  'localhost:0',
  'localhost:65536',
  'localhost:080808',
  'localhost:+80',
  'localhost:80/x',
  'a@localhost:80',
  'localhost:80, evil',
  'LOCALHOST',
  '[::1',
  '::1',
  '[127.0.0.1]:80',
  '[::1%25eth0]:80',
  'local host',
  'localhost\t',
])('anything else is not a name: %j', (text) => {
  expect(parseAuthority(text, 80)).toBeUndefined();
});

test('no text makes the parser throw, and what it accepts says exactly what it read', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ maxLength: 300 }), fc.webAuthority()), (text) => {
      const authority = parseAuthority(text, 80);
      if (!authority) return;
      const host = authority.hostname.includes(':') ? `[${authority.hostname}]` : authority.hostname;
      expect([host, `${host}:${text.split(':').at(-1)}`]).toContain(text);
      expect(authority.port).toBeGreaterThan(0);
      expect(authority.port).toBeLessThan(65_536);
    }),
    { numRuns: 2_000 },
  );
});

test('no name but our own is taken for ours, however it is made from ours', () => {
  const names = createOwnNames({ scheme: 'http', port: 4646, lan: false, names: [] });
  const own = ['127.0.0.1:4646', 'localhost:4646', '[::1]:4646'];
  for (const host of own) {
    expect(names.isHost(host)).toBe(true);
    expect(names.isOrigin(`http://${host}`, host)).toBe(true);
  }
  expect(names.isHost('127.0.0.1:04646')).toBe(false);
  fc.assert(
    fc.property(fc.constantFrom(...own), fc.string({ minLength: 1, maxLength: 20 }), fc.nat(20), (host, extra, at) => {
      const changed = host.slice(0, at) + extra + host.slice(at);
      expect(names.isHost(changed)).toBe(own.includes(changed));
      expect(names.isOrigin(`http://${changed}`, host)).toBe(changed === host);
    }),
    { numRuns: 2_000 },
  );
});

test('the scheme’s own port may be left out, as browsers do', () => {
  const names = createOwnNames({ scheme: 'https', port: 443, lan: false, names: ['gateway.village.test'] });
  expect(names.isHost('gateway.village.test')).toBe(true);
  expect(names.isOrigin('https://gateway.village.test', 'gateway.village.test')).toBe(true);
  expect(names.isOrigin('http://gateway.village.test', 'gateway.village.test')).toBe(false);
});
