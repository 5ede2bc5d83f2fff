import { expect, test } from 'vitest';
import { tellApart } from './tell-apart.ts';

const NEEMA = { id: 'm0001', name: 'Neema Mollel' };
const ELIA = { id: 'm0002', name: 'Elia Massawe' };
const OTHER_ELIA = { id: 'm0003', name: 'Elia Massawe' };

test('two people of one name are told apart by the end of their ids, others keep the bare name', () => {
  const name = tellApart([NEEMA, ELIA, OTHER_ELIA]);
  expect([NEEMA, ELIA, OTHER_ELIA].map(name)).toEqual(['Neema Mollel', 'Elia Massawe …0002', 'Elia Massawe …0003']);
});

test('one person named twice in a list is still one', () => {
  expect(tellApart([ELIA, ELIA])(ELIA)).toBe('Elia Massawe');
});
