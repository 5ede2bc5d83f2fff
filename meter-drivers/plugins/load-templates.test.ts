import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { AppError } from '#core/ports/errors.ts';
import { findReferenceFile } from '../reference-data.ts';
import { findTemplatesDir, loadTemplates, parseTemplate } from './load-templates.ts';

const made: string[] = [];
const makeDir = (): string => {
  const dir = mkdtempSync(join(tmpdir(), 'gridpact-templates-'));
  made.push(dir);
  return dir;
};
afterEach(() => {
  for (const dir of made.splice(0)) rmSync(dir, { recursive: true });
});

const iem3000 = readFileSync(join(findTemplatesDir(), 'schneider-iem3000.yaml'), 'utf8');

test('the templates are found from the source folder and from a bundle in dist/main', async () => {
  const root = makeDir();
  const shipped = join(root, 'meter-drivers', 'templates');
  await mkdir(shipped, { recursive: true });
  await mkdir(join(root, 'dist', 'main'), { recursive: true });
  expect(findTemplatesDir(join(root, 'dist', 'main'))).toBe(shipped);
  expect(findTemplatesDir(join(root, 'meter-drivers', 'plugins'))).toBe(shipped);
});

test('every template names its register source', () => {
  const templates = [...loadTemplates(findTemplatesDir()).values()];
  expect(templates.length).toBeGreaterThan(1);
  for (const template of templates) expect(template.source).toMatch(/manual|SunSpec/);
});

test.each([
  ['a field nobody knows', (text: string) => `${text}\ncolour: red\n`, 'colour'],
  [
    'a scale that is not a ratio of whole numbers',
    (text: string) => text.replace('numerator: 1000', 'numerator: 0.5'),
    'powerW',
  ],
  ['an address outside 16 bits', (text: string) => text.replace('address: 3203', 'address: 70000'), 'importWh'],
  ['a type nobody knows', (text: string) => text.replace('type: int64', 'type: int63'), 'importWh'],
  ['no energy register', (text: string) => text.replaceAll(/(im|ex)portWh:/g, 'powerW$1:'), 'registers'],
])('a template with %s is refused naming the file and the field', (_, spoil, field) => {
  const refused = (): unknown => parseTemplate(spoil(iem3000), 'meters/bad.yaml');
  expect(refused).toThrow(AppError);
  expect(refused).toThrow(/meters\/bad\.yaml/);
  expect(refused).toThrow(field);
});

test('a template whose id is not its file name is refused', () => {
  const dir = makeDir();
  writeFileSync(join(dir, 'other.yaml'), iem3000);
  expect(() => loadTemplates(dir)).toThrow(/other\.yaml.*'schneider-iem3000' is not its file name/);
});

test('aliases that grow without bound and oversized files are refused', () => {
  const bomb = [
    'a: &a [x,x,x]',
    ...'bcdefgh'.split('').map((c, i) => `${c}: &${c} [*${'abcdefgh'[i]},*${'abcdefgh'[i]}]`),
  ].join('\n');
  expect(() => parseTemplate(bomb, 'bomb.yaml')).toThrow(AppError);
  expect(() => parseTemplate(`# ${'x'.repeat(70_000)}`, 'big.yaml')).toThrow(/larger/);
});

test('no text makes the template reader fail with anything but METER_TEMPLATE', () => {
  const spoiled = fc
    .tuple(fc.nat({ max: iem3000.length }), fc.nat({ max: 40 }), fc.string({ maxLength: 20 }))
    .map(([at, cut, put]) => iem3000.slice(0, at) + put + iem3000.slice(at + cut));
  fc.assert(
    fc.property(fc.oneof(spoiled, fc.string({ maxLength: 200 })), (text) => {
      try {
        parseTemplate(text, 'fuzz.yaml');
      } catch (error) {
        expect(error).toBeInstanceOf(AppError);
      }
    }),
    { numRuns: 300 },
  );
});

const model203 = findReferenceFile('vectors', 'meters', 'sunspec', 'model_203.json');
const model213 = findReferenceFile('vectors', 'meters', 'sunspec', 'model_213.json');
const model802 = findReferenceFile('vectors', 'meters', 'sunspec', 'model_802.json');

interface PublishedModel {
  readonly group: {
    readonly points: readonly {
      readonly name: string;
      readonly type: string;
      readonly size: number;
      readonly sf?: string;
    }[];
  };
}

function publishedPoint(file: string, name: string): { offset: number; type: string; scaleFactor?: number } {
  const { points } = (JSON.parse(readFileSync(file, 'utf8')) as PublishedModel).group;
  const offsetOf = (wanted: string): number => {
    const index = points.findIndex((point) => point.name === wanted);
    expect(index, `${wanted} in ${file}`).toBeGreaterThanOrEqual(0);
    return points.slice(0, index).reduce((sum, point) => sum + point.size, 0);
  };
  const found = points.find((point) => point.name === name);
  return { offset: offsetOf(name), type: found?.type ?? '', ...(found?.sf && { scaleFactor: offsetOf(found.sf) }) };
}

test.skipIf(!model203 || !model213 || !model802)(
  'the SunSpec offsets are those of the published models 203, 213 and 802',
  () => {
    const template = loadTemplates(findTemplatesDir()).get('sunspec-meter');
    if (template?.map !== 'sunspec' || !model203 || !model213 || !model802) throw new Error('no SunSpec template');
    const placed = (id: number) => template.meterModels.find((model) => model.ids.includes(id))?.points;
    for (const [id, file] of [
      [203, model203],
      [213, model213],
    ] as const) {
      expect(placed(id)).toEqual({
        importWh: publishedPoint(file, 'TotWhImp'),
        exportWh: publishedPoint(file, 'TotWhExp'),
        powerW: publishedPoint(file, 'W'),
      });
    }
    expect(template.batteryModels[0]?.points.socPercent).toEqual(publishedPoint(model802, 'SoC'));
  },
);

const iemMap = findReferenceFile('vectors', 'meters', 'modbus-maps', 'schneider-iem3000.json');

test.skipIf(!iemMap)('the iEM3000 registers are those of the published map', () => {
  const template = loadTemplates(findTemplatesDir()).get('schneider-iem3000');
  if (template?.map !== 'fixed' || !iemMap) throw new Error('no iEM3000 template');
  const { registers } = JSON.parse(readFileSync(iemMap, 'utf8')) as {
    registers: { name: string; address: number; type: string; function_code: number }[];
  };
  for (const [ours, theirs] of [
    ['importWh', 'import'],
    ['exportWh', 'export'],
    ['powerW', 'power'],
  ] as const) {
    const published = registers.find((register) => register.name === theirs);
    const register = template.registers[ours];
    expect([register?.address, register?.type, register?.function]).toEqual([
      published?.address,
      published?.type,
      published?.function_code,
    ]);
  }
});
