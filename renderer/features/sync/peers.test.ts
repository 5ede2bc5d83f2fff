import { expect, test } from 'vitest';
import { orderPeers, type Peer, standingOf } from './peers.ts';

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
