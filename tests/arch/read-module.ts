import { parseSync } from 'vite';

/** What one source file asks of others and of the world around it. */
export interface ModuleFacts {
  readonly imports: readonly string[];
  /** Ambient things a pure function has no use for: clock, randomness, host settings, I/O. */
  readonly impurities: readonly string[];
}

/** null: any use; otherwise the members whose use counts. */
const AMBIENT: Readonly<Record<string, readonly string[] | null>> = {
  Date: ['now'],
  Math: ['random'],
  Intl: null,
  process: null,
  performance: null,
  crypto: null,
  globalThis: null,
  console: null,
  fetch: null,
  setTimeout: null,
  setInterval: null,
  setImmediate: null,
  queueMicrotask: null,
};
/** Methods that ask for the host's time zone or language. */
const HOST_METHODS =
  /^(toLocale\w+|localeCompare|getTimezoneOffset|(get|set)(FullYear|Month|Date|Day|Hours|Minutes|Seconds))$/;

/** A node of the syntax tree; only the fields that are looked at. */
interface SyntaxNode {
  readonly type: string;
  readonly name?: string;
  readonly value?: unknown;
  readonly computed?: boolean;
  readonly callee?: SyntaxNode;
  readonly object?: SyntaxNode;
  readonly property?: SyntaxNode;
  readonly source?: SyntaxNode | null;
  readonly arguments?: readonly SyntaxNode[];
}

/** Parses a .ts or .tsx file; throws when it cannot, because a file that was not read proves nothing. */
export function readModule(path: string, source: string): ModuleFacts {
  const { module, program, errors } = parseSync(path, source);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`);
  const nodes = Array.from(walk(program as unknown as SyntaxNode));
  return {
    imports: [
      ...module.staticImports.map(({ moduleRequest }) => moduleRequest.value),
      ...module.staticExports.flatMap(({ entries }) =>
        entries.flatMap(({ moduleRequest }) => moduleRequest?.value ?? []),
      ),
      ...nodes.flatMap(importOf),
    ],
    impurities: nodes.flatMap(impurityOf),
  };
}

function importOf(node: SyntaxNode): string[] {
  if (node.type === 'ImportExpression' || node.type === 'TSImportType') return [textOf(node.source)];
  const isRequire = node.type === 'CallExpression' && node.callee?.name === 'require';
  return isRequire ? [textOf(node.arguments?.[0])] : [];
}

function impurityOf(node: SyntaxNode): string[] {
  switch (node.type) {
    case 'Identifier':
      return AMBIENT[node.name ?? ''] === null ? [String(node.name)] : [];
    case 'NewExpression':
      return node.callee?.name === 'Date' && node.arguments?.length !== 1 ? ['new Date of now or of local time'] : [];
    case 'CallExpression':
      return node.callee?.name === 'Date' ? ['Date()'] : [];
    case 'MemberExpression': {
      const name = node.computed ? '' : (node.property?.name ?? '');
      if (AMBIENT[node.object?.name ?? '']?.includes(name)) return [`${node.object?.name}.${name}`];
      return HOST_METHODS.test(name) ? [`.${name}`] : [];
    }
    default:
      return [];
  }
}

/** Every node but names that are only labels: members after a dot and keys of properties. */
function* walk(node: SyntaxNode): Generator<SyntaxNode> {
  yield node;
  for (const [key, child] of Object.entries(node)) {
    if ((key === 'property' || key === 'key') && node.computed === false) continue;
    for (const each of Array.isArray(child) ? child : [child]) if (isNode(each)) yield* walk(each);
  }
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

function textOf(node: SyntaxNode | null | undefined): string {
  return typeof node?.value === 'string' ? node.value : '(computed)';
}
