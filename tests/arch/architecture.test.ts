import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { expect, test } from 'vitest';
import { checkArrows, LAYERS } from './check-arrows.ts';

const root = join(import.meta.dirname, '../..');
/** Each layer is known to hold more than this: a check that saw fewer files looked in the wrong place. */
const AT_LEAST: Readonly<Record<string, number>> = {
  domain: 20,
  api: 8,
  core: 30,
  p2p: 20,
  contracts: 10,
  'meter-drivers': 20,
  main: 30,
  renderer: 40,
  tests: 15,
};

const sources = new Map(LAYERS.flatMap((layer) => readLayer(layer)));

test('every source file keeps to the arrows of the architecture', () => {
  expect(checkArrows(sources)).toEqual([]);
});

test.each(LAYERS)('the check really looked at %s', (layer) => {
  const seen = Array.from(sources.keys()).filter((file) => file.startsWith(`${layer}/`));
  expect(seen.length).toBeGreaterThan(AT_LEAST[layer] ?? Number.POSITIVE_INFINITY);
});

test.each([
  ['domain/a.ts', "import '#api/contract.ts'", 'domain may not import api'],
  ['domain/a.ts', "export * from '../core/core.ts'", 'domain may not import core'],
  ['domain/a.ts', "import { readFileSync } from 'node:fs'", 'no Node in domain'],
  ['domain/a.ts', "import fs from 'fs'", 'no Node in domain'],
  ['domain/a.ts', 'export const now = () => Date.now()', 'domain is pure'],
  ['domain/a.ts', 'export const now = () => new Date()', 'domain is pure'],
  ['domain/a.ts', 'export const day = new Date(2026, 1, 1)', 'domain is pure'],
  ['domain/a.ts', 'export const luck = Math.random()', 'domain is pure'],
  ['domain/a.ts', 'export const { env } = process', 'domain is pure'],
  ['domain/a.ts', 'export const id = crypto.randomUUID()', 'domain is pure'],
  ['domain/a.ts', 'export const hour = (d: Date) => d.getHours()', 'domain is pure'],
  ['domain/a.ts', 'export const text = (n: bigint) => n.toLocaleString()', 'domain is pure'],
  ['domain/a.ts', 'export const f = new Intl.NumberFormat()', 'domain is pure'],
  ['api/a.ts', "import '#core/core.ts'", 'api may not import core'],
  ['api/a.ts', "import 'node:crypto'", 'no Node in api'],
  ['core/a.ts', "import '#p2p/start-village-node.ts'", 'core may not import p2p'],
  ['core/a/b.ts', "const x = await import('../../contracts/x.ts')", 'core may not import contracts'],
  ['core/a.ts', "import '#main/compose.ts'", 'core may not import main'],
  ['p2p/a.ts', "import '#core/core.ts'", 'p2p may not import core'],
  ['p2p/a.ts', "import '#api/contract.ts'", 'p2p may not import api'],
  ['p2p/a.ts', "import type { X } from '#contracts/x.ts'", 'p2p may not import contracts'],
  ['contracts/a.ts', "type X = import('#meter-drivers/x.ts').X", 'contracts may not import meter-drivers'],
  ['meter-drivers/plugins/a.ts', "import '../../p2p/x.ts'", 'meter-drivers may not import p2p'],
  ['main/gateway/a.ts', "import '../../renderer/app/main.tsx'", 'main may not import renderer'],
  ['main/gateway/a.ts', "import { app } from 'electron'", 'electron only in main/electron'],
  ['main/gateway/a.ts', "import '#main/electron/data-key.ts'", 'only main/electron may import main/electron'],
  ['main/a.ts', "import React from 'react'", 'React only in renderer'],
  ['main/a.ts', 'const name = String(1); await import(name)', 'an import must name its module'],
  ['renderer/app/a.tsx', "import '#core/core.ts'", 'renderer may not import core'],
  ['renderer/ui/a.tsx', "import { join } from 'node:path'", 'no Node in renderer'],
  ['renderer/features/meters/a.tsx', "import '../members/b.tsx'", 'features never import each other'],
  ['renderer/features/meters/deep/a.tsx', "export * from '../../today/b.tsx'", 'features never import each other'],
  ['tests/a.ts', "import '../renderer/app/main.tsx'", 'tests may not import renderer'],
])('a planted wall-breaker is caught: %s: %s', (file, source, rule) => {
  expect(checkArrows(new Map([[file, source]])).map((violation) => violation.rule)).toEqual([rule]);
});

test.each([
  ['domain/a.ts', "import * as z from 'zod'; import './b.ts'; export const t = new Date(0).getUTCHours()"],
  ['domain/a.test.ts', "import { readFileSync } from 'node:fs'; import './a.ts'; Date.now()"],
  ['core/a.ts', "import '#api/contract.ts'; import 'node:crypto'; Date.now()"],
  ['p2p/a.ts', "import type { VillageNode } from '#core/ports/village-node.ts'; import '../domain/ids.ts'"],
  ['main/electron/a.ts', "import { app } from 'electron'; import '#main/compose.ts'; import '#core/core.ts'"],
  ['renderer/features/meters/a.tsx', "import './b.tsx'; import '../../ui/c.tsx'; import { useState } from 'react'"],
])('what is allowed stays allowed: %s: %s', (file, source) => {
  expect(checkArrows(new Map([[file, source]]))).toEqual([]);
});

test('a file that cannot be parsed is an error, not a pass', () => {
  expect(() => checkArrows(new Map([['domain/a.ts', 'import {']]))).toThrow(/domain\/a\.ts/);
});

function readLayer(layer: string): [string, string][] {
  return readdirSync(join(root, layer), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => [relative(root, file).split(sep).join('/'), readFileSync(file, 'utf8')]);
}
