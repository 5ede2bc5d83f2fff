import { randomBytes } from 'node:crypto';
import type { MultiaddrConnection } from '@libp2p/interface';
import { multiaddrConnectionPair } from '@libp2p/utils';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { sealConnection, type ThrottledConnection } from './sealed-connection.ts';
import { createKeyStream } from './xsalsa20.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Two ends of one wire, and what arrived at the second. */
function openPair(): { from: ThrottledConnection; to: ThrottledConnection; got: () => number } {
  const key = randomBytes(32);
  const nonces = [randomBytes(24), randomBytes(24)] as const;
  const [near, far] = multiaddrConnectionPair();
  const seal = (wire: MultiaddrConnection, own: number): ThrottledConnection =>
    sealConnection(wire, {
      inbound: createKeyStream(key, nonces[1 - own] ?? key),
      outbound: createKeyStream(key, nonces[own] ?? key),
    });
  const [from, to] = [seal(near, 0), seal(far, 1)];
  let bytes = 0;
  to.addEventListener('message', ({ data }) => {
    bytes += data.byteLength;
  });
  return { from, to, got: () => bytes };
}

test('a throttled connection waits for as long as what it read was too much', async () => {
  const { from, to, got } = openPair();
  to.throttle(1000);
  from.send(new Uint8Array(11_000));
  await vi.advanceTimersByTimeAsync(100);
  expect(got()).toBe(11_000);
  from.send(new Uint8Array(500));
  await vi.advanceTimersByTimeAsync(9000);
  expect(got()).toBe(11_000);
  await vi.advanceTimersByTimeAsync(2000);
  expect(got()).toBe(11_500);
});

test('a throttled connection that is freed reads on at once', async () => {
  const { from, to, got } = openPair();
  to.throttle(1000);
  from.send(new Uint8Array(60_000));
  await vi.advanceTimersByTimeAsync(100);
  from.send(new Uint8Array(500));
  await vi.advanceTimersByTimeAsync(5000);
  expect(got()).toBe(60_000);
  to.throttle(undefined);
  await vi.advanceTimersByTimeAsync(100);
  expect(got()).toBe(60_500);
});

test('a reader that holds back is not overruled by the rate', async () => {
  const { from, to, got } = openPair();
  to.throttle(1000);
  to.pause();
  for (let i = 0; i < 20; i++) from.send(new Uint8Array(100));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(got()).toBe(0);
  to.resume();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(got()).toBe(2000);
});
