import { expect, test } from 'vitest';
import { contract } from '#api/contract.ts';
import { needOf, RIGHTS } from '#api/roles.ts';

const isProcedure = (value: unknown): boolean => typeof value === 'object' && value !== null && '~orpc' in value;
function pathsOf(router: object, before: readonly string[] = []): string[] {
  return Object.entries(router).flatMap(([name, value]) => {
    const path = [...before, name];
    return isProcedure(value) ? [path.join('.')] : pathsOf(value as object, path);
  });
}
const all = pathsOf(contract);
/** A window that only looks may call these; each answers and changes nothing. */
const LOOKS =
  /(^changes|\.(months|state|settings|get|list|watch|models|series|older|flags|entries|periods|statement|chain|status))$/;

test('every right belongs to a procedure of the contract', () => {
  expect(all.length).toBeGreaterThan(40);
  expect(Object.keys(RIGHTS).filter((path) => !all.includes(path))).toEqual([]);
});

test('a viewer may call nothing that writes, signs or starts work', () => {
  const viewers = all.filter((path) => needOf(path.split('.')) === 'viewer');
  expect(viewers.filter((path) => !LOOKS.test(path))).toEqual([]);
  expect(all.filter((path) => LOOKS.test(path) && !viewers.includes(path))).toEqual([]);
});

test('what shapes the village needs a coordinator', () => {
  const coordinators = all.filter((path) => needOf(path.split('.')) === 'coordinator');
  expect(coordinators).toEqual(
    expect.arrayContaining(['villages.invite', 'members.add', 'members.setRoles', 'meters.decide', 'accounts.close']),
  );
});
