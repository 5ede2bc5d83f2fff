import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonFragment } from 'ethers';
import solc from 'solc';
import * as z from 'zod';

const ROOT = join(import.meta.dirname, '..');
const SOURCE_DIR = join(import.meta.dirname, 'src');
const SOLADY = 'solady/';

/** A contract ready to deploy. `sourceHash` is the sha-256 of everything the bytecode follows from. */
export interface ContractArtifact {
  readonly abi: readonly JsonFragment[];
  readonly bytecode: string;
  readonly sourceHash: string;
}

const outputSchema = z.object({
  errors: z.array(z.object({ severity: z.string(), formattedMessage: z.string() })).optional(),
  contracts: z
    .record(
      z.string(),
      z.record(
        z.string(),
        z.object({
          abi: z.array(z.custom<JsonFragment>((v) => typeof v === 'object')),
          evm: z.object({ bytecode: z.object({ object: z.string() }) }),
        }),
      ),
    )
    .optional(),
});

function readSource(path: string): string | undefined {
  const file = path.startsWith(SOLADY)
    ? join(ROOT, 'node_modules/solady/src', path.slice(SOLADY.length))
    : join(SOURCE_DIR, path);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

/** Everything the compiler is given, imports followed, in a stable order. */
function collectSources(): Record<string, { content: string }> {
  const found = new Map<string, string>();
  const open = readdirSync(SOURCE_DIR).filter((name) => name.endsWith('.sol'));
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (found.has(path)) continue;
    const content = readSource(path);
    if (content === undefined) throw new Error(`${path}: no such Solidity source`);
    found.set(path, content);
    for (const [, target = ''] of content.matchAll(/from "([^"]+)"/g))
      open.push(target.startsWith('.') ? join(path, '..', target) : target);
  }
  return Object.fromEntries(
    [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([path, content]) => [path, { content }]),
  );
}

/** Compiles the settlement ledger with the settings of foundry.toml; throws with the compiler's words. */
export function compileSettlementLedger(): ContractArtifact {
  const input = JSON.stringify({
    language: 'Solidity',
    sources: collectSources(),
    settings: {
      evmVersion: 'cancun',
      optimizer: { enabled: true, runs: 10_000 },
      // No hash of comments and paths at the end: the same code gives the same bytes.
      metadata: { appendCBOR: false, bytecodeHash: 'none' },
      outputSelection: { 'SettlementLedger.sol': { SettlementLedger: ['abi', 'evm.bytecode.object'] } },
    },
  });
  const output = outputSchema.parse(JSON.parse(solc.compile(input)));
  const failures = output.errors?.filter((e) => e.severity === 'error') ?? [];
  const compiled = output.contracts?.['SettlementLedger.sol']?.['SettlementLedger'];
  if (failures.length > 0 || !compiled) throw new Error(failures.map((e) => e.formattedMessage).join('\n'));
  return {
    abi: compiled.abi,
    bytecode: `0x${compiled.evm.bytecode.object}`,
    sourceHash: createHash('sha256').update(solc.version()).update(input).digest('hex'),
  };
}
