import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { AppError } from '#core/ports/errors.ts';
import type { SecretVault } from '#core/ports/secret-vault.ts';
import { writeFileDurably } from '#core/storage/write-file-durably.ts';
import { tpmFile } from '#main/data-dir.ts';
import { createTpmTools, TpmRefusal, type TpmTools } from './tpm-tools.ts';

/** What the chip gave out, in the marshalled forms TPM2B_PUBLIC and TPM2B_PRIVATE; only that chip can use it. */
const blob = z.string().regex(/^[\w-]{1,2048}$/);
const stored = z.strictObject({ v: z.literal(1), public: blob, private: blob });
type Sealed = z.infer<typeof stored>;

/**
 * The template of the primary key, written out in full: the chip derives the same key from it and its owner seed at
 * each start, so it must not change with the defaults of tpm2-tools.
 */
const PRIMARY_ATTRIBUTES = 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt';
const PRIMARY = ['-C', 'o', '-g', 'sha256', '-G', 'ecc256:null:aes128cfb', '-a', PRIMARY_ATTRIBUTES];
/** No policy over boot registers (PCR): an update of the system must not lock a village out of its gateway. */
const SEALED_ATTRIBUTES = 'fixedtpm|fixedparent|userwithauth|noda';
const SECRET_FORM = /^[\w-]{43}$/;

/** A secret sealed to the TPM of this machine; what the chip needs to unseal it lies in the data folder. */
export function createTpmVault(dataDir: string, env: NodeJS.ProcessEnv = process.env): SecretVault {
  const file = tpmFile(dataDir);
  return {
    holder: 'tpm',
    async open({ begun }) {
      if (existsSync(file)) {
        const sealed = readSealed(file);
        return await withPrimary(env, (tools, dir) => unseal(tools, dir, file, sealed));
      }
      if (begun)
        throw new AppError(
          'NOT_ALLOWED',
          `The data in ${dataDir} was not begun with a TPM (there is no ${file}), and what locks it is chosen at the first start. Leave out --tpm; or give an empty --data and come in there as a new device, with your paper words.`,
        );
      return await withPrimary(env, async (tools, dir) => {
        const secret = randomBytes(32).toString('base64url');
        const sealed = await seal(tools, dir, secret);
        // read back before anything is locked with it
        if ((await unseal(tools, dir, file, sealed)) !== secret) throw damaged(file);
        writeFileDurably(file, Buffer.from(JSON.stringify(sealed)));
        return secret;
      });
    },
  };
}

function readSealed(file: string): Sealed {
  try {
    return stored.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw damaged(file, error);
  }
}

/** Runs `work` with the primary key in primary.ctx of a folder that is gone afterwards; the chip encrypts what lies there. */
async function withPrimary<T>(env: NodeJS.ProcessEnv, work: (tools: TpmTools, dir: string) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), 'gridpact-tpm-'));
  const tools = createTpmTools(dir, env);
  try {
    await step(tools, 'createprimary', [...PRIMARY, '-c', 'primary.ctx', '-Q']);
    return await work(tools, dir);
  } catch (error) {
    if (!(error instanceof TpmRefusal)) throw error;
    throw new AppError(
      'NOT_FOUND',
      `The TPM does not answer as it should at ${tools.tcti} (${error.message}). Check that this machine has one and that this user may use it (Linux: group tss, or TPM2TOOLS_TCTI for another way to it). Nothing was changed.`,
      { cause: error },
    );
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function seal(tools: TpmTools, dir: string, secret: string): Promise<Sealed> {
  const files = ['-u', 'sealed.pub', '-r', 'sealed.priv'];
  await step(tools, 'create', ['-C', 'primary.ctx', '-i', '-', '-a', SEALED_ATTRIBUTES, ...files, '-Q'], secret);
  const read = (name: string): string => readFileSync(join(dir, name)).toString('base64url');
  return { v: 1, public: read('sealed.pub'), private: read('sealed.priv') };
}

async function unseal(tools: TpmTools, dir: string, file: string, sealed: Sealed): Promise<string> {
  writeFileSync(join(dir, 'load.pub'), Buffer.from(sealed.public, 'base64url'), { mode: 0o600 });
  writeFileSync(join(dir, 'load.priv'), Buffer.from(sealed.private, 'base64url'), { mode: 0o600 });
  try {
    const files = ['-u', 'load.pub', '-r', 'load.priv', '-c', 'sealed.ctx'];
    await step(tools, 'load', ['-C', 'primary.ctx', ...files, '-Q']);
  } catch (error) {
    if (!(error instanceof TpmRefusal)) throw error;
    throw new AppError(
      'BAD_INPUT',
      `The TPM of this machine does not open ${file}: another machine's sealed it, or this one was cleared since (${error.message}). A copied folder opens only on its own machine. Give an empty --data and come in there as a new device, with your paper words. Nothing was changed.`,
      { cause: error },
    );
  }
  const secret = (await step(tools, 'unseal', ['-c', 'sealed.ctx'])).toString('utf8');
  if (!SECRET_FORM.test(secret)) throw damaged(file);
  return secret;
}

/** One tool, and the chip's memory made free after it: without a resource manager it keeps what was loaded. */
async function step(tools: TpmTools, ...call: Parameters<TpmTools['run']>): Promise<Buffer> {
  const answer = await tools.run(...call);
  await tools.run('flushcontext', ['-t']);
  return answer;
}

const damaged = (file: string, cause?: unknown): AppError =>
  new AppError(
    'BAD_INPUT',
    `${file} is damaged: it is not what a TPM sealed for this folder. Bring it back from a copy of this machine's folder, or give an empty --data and come in there as a new device, with your paper words.`,
    { cause },
  );
