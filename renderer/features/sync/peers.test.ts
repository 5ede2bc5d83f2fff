import { expect, test } from 'vitest';
import { consoleRows, orderPeers, type Peer, standingOf } from './peers.ts';

const peer = (over: Partial<Peer>): Peer => ({
  peer: '12D3KooWexample',
  device: null,
  name: null,
  connected: true,
  relayed: false,
  keyRefused: false,
  heardAtMs: 1,
  inStep: true,
  toSend: 0,
  toFetch: 0,
  sameState: true,
  addresses: [],
  ...over,
});

test.each([
  [{}, 'same-now'],
  [{ connected: false }, 'same-then'],
  [{ connected: false, keyRefused: true }, 'refused'],
  [{ sameState: false }, 'differs'],
  [{ inStep: false, toSend: 3 }, 'copying'],
  [{ inStep: false }, 'comparing'],
  [{ inStep: false, connected: false, toFetch: 2 }, 'waits'],
  [{ inStep: false, connected: false, sameState: null }, 'waits'],
  [{ inStep: false, connected: false, heardAtMs: null }, 'unheard'],
] as const)('a console with %j is said to be %s', (over, standing) => {
  expect(standingOf(peer(over))).toBe(standing);
});

test('consoles in reach stand first, then those heard last', () => {
  const order = orderPeers([
    peer({ peer: 'long ago', connected: false, heardAtMs: 10 }),
    peer({ peer: 'never', connected: false, heardAtMs: null }),
    peer({ peer: 'yesterday', connected: false, heardAtMs: 20 }),
    peer({ peer: 'here', heardAtMs: 5 }),
  ]);
  expect(order.map((p) => p.peer)).toEqual(['here', 'yesterday', 'long ago', 'never']);
});

test('a console that only sticks reach is a row of its own; one that never told anything is none', () => {
  const lacks = { entries: 142, days: 22, bytes: 1 };
  const told = { device: 'b'.repeat(64), name: 'Halima', toldAtMs: 5, byFile: true, lacks };
  const rows = consoleRows(
    [peer({ device: 'a'.repeat(64) }), peer({ device: 'c'.repeat(64), connected: false })],
    [
      { ...told, device: 'a'.repeat(64) },
      told,
      { ...told, device: 'c'.repeat(64) },
      { ...told, device: 'd'.repeat(64), toldAtMs: null },
    ],
  );
  expect(rows.map((r) => [r.device?.[0], r.toSend, r.toSendDays, standingOf(r)])).toEqual([
    ['a', 0, 0, 'same-now'],
    ['c', 142, 22, 'waits'],
    ['b', 142, 22, 'by-stick'],
  ]);
});
