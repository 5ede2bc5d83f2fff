import { describe, expect, it } from 'vitest';
import { readHeader } from './csv-header.ts';

describe('header of a logger file', () => {
  it('reads plain and quoted names and leaves the byte-order mark out', () => {
    expect(readHeader('\uFEFFhour,ug01_0,"Amina, house","a ""b"""\r\n2012-01-01 00:00,1,2,3')).toEqual([
      'hour',
      'ug01_0',
      'Amina, house',
      'a "b"',
    ]);
  });

  it('keeps an empty name in its place', () => {
    expect(readHeader('hour,,b')).toEqual(['hour', '', 'b']);
  });
});
