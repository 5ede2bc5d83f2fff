import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

const root = join(import.meta.dirname, '../..');
const text = readFileSync(join(root, 'electron-builder.yml'), 'utf8');

/** electron-builder's own schema, from the very version that would make the packages. */
function compileSchema(): ValidateFunction {
  const electronBuilder = createRequire(createRequire(import.meta.url).resolve('electron-builder'));
  const schema: object = JSON.parse(readFileSync(electronBuilder.resolve('app-builder-lib/scheme.json'), 'utf8'));
  return new Ajv({ allErrors: true, strict: false }).compile(schema);
}

test('electron-builder.yml is what electron-builder’s schema allows', () => {
  const validate = compileSchema();
  validate(parse(text));
  expect(validate.errors ?? []).toEqual([]);
});

test.each([
  ['an unknown key', 'asarr: true'],
  ['an unknown key of a platform', 'linux:\n  categori: Utility'],
  ['a wrong type', 'appId: 7'],
  ['a word where yes or no belongs', 'mac:\n  target:\n    - dmg\n  hardenedRuntime: sometimes'],
])('the schema check notices %s', (_what, planted) => {
  const validate = compileSchema();
  expect(validate({ ...parse(text), ...parse(planted) })).toBe(false);
});

test('every file a package is made of comes from the repository or the build', () => {
  const config: { files: string[]; extraResources: { from: string }[] } = parse(text);
  const inRepository = [
    ...config.files.filter((file) => !file.includes('*')),
    ...config.extraResources.map((r) => r.from),
  ];
  expect(inRepository.length).toBeGreaterThan(3);
  for (const path of inRepository) expect(existsSync(join(root, path)), path).toBe(true);
});
