import { execFile } from 'node:child_process';
import { AppError } from '#core/ports/errors.ts';

const DEFAULT_TCTI = 'device:/dev/tpmrm0';

type ToolName = 'createprimary' | 'create' | 'load' | 'unseal' | 'flushcontext';

export interface TpmTools {
  /** How the chip is reached, as TPM2TOOLS_TCTI says it. */
  readonly tcti: string;
  /**
   * Runs one of tpm2-tools and answers its standard output. What is secret goes in by `input` and comes out by the
   * answer: pipes, never arguments or files. Errors: NOT_FOUND (not installed), {@link TpmRefusal}.
   */
  run(name: ToolName, args: readonly string[], input?: string): Promise<Buffer>;
}

/** A tool ran and did not succeed; `message` is its own first error line. */
export class TpmRefusal extends Error {
  override readonly name = 'TpmRefusal';
}

/** A hang limit: the slowest chips make a key in a few seconds. */
const TOOL_MS = 60_000;
const MOST_OUTPUT_BYTES = 65_536;

/** tpm2-tools as `env` finds them; their files are read and written in `cwd`. */
export function createTpmTools(cwd: string, env: NodeJS.ProcessEnv): TpmTools {
  const tcti = env['TPM2TOOLS_TCTI'] || DEFAULT_TCTI;
  // TSS2_LOG at a level below error would print what is unsealed
  const toolEnv = { PATH: env['PATH'] ?? '', TPM2TOOLS_TCTI: tcti, TSS2_LOG: 'all+error', LC_ALL: 'C' };
  const options = { cwd, env: toolEnv, timeout: TOOL_MS, killSignal: 'SIGKILL', maxBuffer: MOST_OUTPUT_BYTES } as const;
  return {
    tcti,
    run: (name, args, input = '') =>
      new Promise((resolve, reject) => {
        const tool = `tpm2_${name}`;
        const child = execFile(tool, args, { ...options, encoding: 'buffer' }, (error, stdout, stderr) => {
          if (!error) resolve(stdout);
          else reject(asError(tool, error, stderr.toString('utf8')));
        });
        // a tool that ends before it read its input is judged by its exit
        child.stdin?.on('error', () => undefined);
        child.stdin?.end(input);
      }),
  };
}

/** Never with the error itself as cause: nothing that a tool printed but its error line may reach a log. */
function asError(tool: string, error: { readonly code?: unknown; readonly killed?: boolean }, stderr: string): Error {
  if (error.code === 'ENOENT')
    return new AppError(
      'NOT_FOUND',
      `${tool} is not installed; a TPM is reached through it. Install tpm2-tools (Debian: apt-get install tpm2-tools).`,
    );
  if (error.killed) return new TpmRefusal(`${tool} gave no answer within ${TOOL_MS / 1000} seconds`);
  const lines = stderr.split('\n').filter((line) => line.startsWith('ERROR: '));
  return new TpmRefusal(
    `${tool}: ${(lines[0]?.slice('ERROR: '.length) ?? 'it failed and did not say why').slice(0, 300)}`,
  );
}
