// Run after a change in contracts/src: node contracts/build-artifact.ts
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileSettlementLedger } from './compile.ts';

const dir = join(import.meta.dirname, 'artifacts');
mkdirSync(dir, { recursive: true });
writeFileSync(join(dir, 'settlement-ledger.json'), `${JSON.stringify(compileSettlementLedger(), null, 2)}\n`);
