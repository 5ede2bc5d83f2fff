import { expect, test } from 'vitest';
import { isOnlyHere, orderAddresses } from './address-order.ts';

const LOOPBACK = '/ip4/127.0.0.1/tcp/4101/p2p/12D3KooW';
const LOOPBACK_6 = '/ip6/::1/tcp/4101/p2p/12D3KooW';
const VILLAGE = '/ip4/192.168.1.20/tcp/4101/p2p/12D3KooW';
const VILLAGE_6 = '/ip6/fd00::20/tcp/4101/p2p/12D3KooW';

test('an address that others can use stands before one that only this machine can', () => {
  expect(orderAddresses([LOOPBACK, VILLAGE_6, LOOPBACK_6, VILLAGE])).toEqual([
    VILLAGE,
    VILLAGE_6,
    LOOPBACK,
    LOOPBACK_6,
  ]);
});

test('only loopback addresses are called useless to others', () => {
  expect([LOOPBACK, LOOPBACK_6, VILLAGE, VILLAGE_6].map(isOnlyHere)).toEqual([true, true, false, false]);
});
