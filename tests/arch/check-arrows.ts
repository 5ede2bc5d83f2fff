import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import { readModule } from './read-module.ts';

export interface Violation {
  readonly file: string;
  readonly rule: string;
  readonly found: string;
}

/** docs/architecture.md, "Layers and folders": what each layer may import of ours. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  api: ['domain'],
  core: ['domain', 'api'],
  p2p: ['domain', 'core/ports'],
  contracts: ['domain', 'core/ports'],
  'meter-drivers': ['domain', 'core/ports'],
  main: ['domain', 'api', 'core', 'p2p', 'contracts', 'meter-drivers'],
  renderer: ['domain', 'api'],
  tests: ['domain', 'api', 'core', 'p2p', 'contracts', 'meter-drivers', 'main'],
};
export const LAYERS = Object.keys(ARROWS);

const REACT =
  /^(react|react-dom|react-aria-components|react-aria|react-stately|lucide-react|wouter|uplot|@lingui\/react|@tanstack\/react-query)(\/|$)/;
const BUILTINS = new Set(builtinModules);
const WITHOUT_NODE = new Set(['domain', 'api', 'renderer']);

/** Checks sources by path from the root, e.g. 'domain/money/money.ts'. */
export function checkArrows(sources: ReadonlyMap<string, string>): Violation[] {
  return Array.from(sources, ([file, source]) => checkFile(file, source)).flat();
}

function checkFile(file: string, source: string): Violation[] {
  const { imports, impurities } = readModule(file, source);
  const violations = imports.flatMap((specifier) =>
    findBrokenRules(file, specifier).map((rule) => ({ file, rule, found: specifier })),
  );
  const pure = layerOf(file) === 'domain' && !isTest(file);
  return pure ? [...violations, ...impurities.map((found) => ({ file, rule: 'domain is pure', found }))] : violations;
}

function findBrokenRules(file: string, specifier: string): string[] {
  const target = resolveOwn(file, specifier);
  return target === undefined ? findForeignRules(file, specifier) : findOwnRules(file, target);
}

function findOwnRules(file: string, target: string): string[] {
  const from = layerOf(file);
  const to = layerOf(target);
  const broken: string[] = [];
  const allowed = ARROWS[from]?.some((folder) => target === folder || target.startsWith(`${folder}/`));
  if (from !== to && to in ARROWS && !allowed) broken.push(`${from} may not import ${to}`);
  if (from === to && target.includes('/electron/') && !file.startsWith('main/electron/')) {
    broken.push('only main/electron may import main/electron');
  }
  const [feature, other] = [featureOf(file), featureOf(target)];
  if (feature !== undefined && other !== undefined && feature !== other) {
    broken.push('features never import each other');
  }
  return broken;
}

function findForeignRules(file: string, specifier: string): string[] {
  const layer = layerOf(file);
  const broken: string[] = [];
  if (specifier === 'electron' && !file.startsWith('main/electron/')) broken.push('electron only in main/electron');
  if (REACT.test(specifier) && layer !== 'renderer') broken.push('React only in renderer');
  const isNode = specifier.startsWith('node:') || BUILTINS.has(specifier);
  if (isNode && WITHOUT_NODE.has(layer) && !isTest(file)) broken.push(`no Node in ${layer}`);
  if (specifier === '(computed)' && layer !== 'tests') broken.push('an import must name its module');
  return broken;
}

const layerOf = (path: string): string => path.split('/', 1)[0] ?? '';
const featureOf = (path: string): string | undefined => /^renderer\/features\/([^/]+)/.exec(path)?.[1];
const isTest = (path: string): boolean => /\.test\.tsx?$/.test(path);

/** Path of our own file a specifier names; undefined for packages. */
function resolveOwn(file: string, specifier: string): string | undefined {
  if (specifier.startsWith('#')) return specifier.slice(1);
  if (specifier.startsWith('.')) return posix.join(posix.dirname(file), specifier);
  return undefined;
}
