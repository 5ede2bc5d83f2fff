import * as z from 'zod';
import { AppError } from '#core/ports/errors.ts';

/** The chain answered, with an error of its own. */
export class RpcError extends AppError {
  /** The chain's words. */
  readonly answer: string;
  /** Revert data as 0x hex, where the chain gave some. */
  readonly revertData: string | undefined;
  constructor(method: string, answer: string, revertData: string | undefined) {
    super('CHAIN_UNREACHABLE', `The chain answers ${method} with an error: ${answer.slice(0, 300)}. Try again later.`, {
      retryable: true,
    });
    this.answer = answer;
    this.revertData = revertData;
  }
}

/** One JSON-RPC chain. Throws AppError CHAIN_UNREACHABLE (retryable; an RpcError when the chain itself said no), or the signal's reason. */
export interface JsonRpc {
  /** Asks and checks the answer's shape. */
  ask<T>(schema: z.ZodType<T>, method: string, params: readonly unknown[], signal?: AbortSignal): Promise<T>;
  /** Tells; whatever is answered will do. */
  call(method: string, params: readonly unknown[], signal?: AbortSignal): Promise<void>;
}

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

const answerSchema = z.object({
  result: z.unknown().optional(),
  error: z.object({ message: z.string(), data: z.unknown().optional() }).optional(),
});
/** Chains nest revert data differently: a string, or an object with a string `data`. */
const revertSchema = z.union([
  z.string().regex(/^0x[0-9a-f]*$/i),
  z.object({ data: z.string().regex(/^0x[0-9a-f]*$/i) }).transform((o) => o.data),
]);

export const quantity = z
  .string()
  .regex(/^0x[0-9a-f]{1,64}$/i)
  .transform(BigInt);
export const hexBytes = z.string().regex(/^0x([0-9a-f]{2})*$/i);
export const hash32 = z.string().regex(/^0x[0-9a-f]{64}$/i);
export const toQuantity = (value: number | bigint): string => `0x${value.toString(16)}`;

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new Error(`the answer is longer than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseAnswer<T>(schema: z.ZodType<T>, method: string, text: string): T {
  const { result, error } = answerSchema.parse(JSON.parse(text));
  if (!error) return schema.parse(result);
  throw new RpcError(method, error.message, revertSchema.safeParse(error.data).data);
}

/** The URL without what may be a secret: user, password, path and query hold API keys. */
const hostOf = (url: string): string => {
  try {
    return new URL(url).host;
  } catch {
    return 'an address that is not a URL';
  }
};

/** @param getUrl asked before every call, so that a chain may come back on another port */
export function createJsonRpc(getUrl: () => Promise<string>, timeoutMs = TIMEOUT_MS): JsonRpc {
  let id = 0;
  const ask: JsonRpc['ask'] = async (schema, method, params, signal) => {
    signal?.throwIfAborted();
    const url = await getUrl();
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: ++id, method, params }),
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      });
      return parseAnswer(schema, method, await readBounded(response));
    } catch (cause) {
      if (cause instanceof RpcError) throw cause;
      signal?.throwIfAborted();
      throw new AppError(
        'CHAIN_UNREACHABLE',
        `The chain at ${hostOf(url)} did not answer ${method}. Check that it runs and the line is up; the batch waits and is sent again.`,
        { retryable: true, data: { host: hostOf(url) }, cause },
      );
    }
  };
  return {
    ask,
    call: async (method, params, signal) => void (await ask(z.unknown(), method, params, signal)),
  };
}
