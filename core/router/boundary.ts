import { type ImplementerInternalWithMiddlewares, implement, ORPCError } from '@orpc/server';
import { type Contract, contract } from '#api/contract.ts';
import { ERROR_CODES, type ErrorData } from '#api/errors.ts';
import { needOf } from '#api/roles.ts';
import type { Console } from '#core/console.ts';
import type { CoreContext } from '#core/core.ts';
import { AppError } from '#core/ports/errors.ts';
import { decode, encode } from '#domain/bytes.ts';

const DECLARED: ReadonlySet<string> = new Set(ERROR_CODES);
export const MASKED = 'Something went wrong inside. The log of this console says more.';

function toWire(e: unknown, path: readonly string[], log: (line: string) => void): unknown {
  if (e instanceof ORPCError) return e;
  const known = e instanceof AppError && DECLARED.has(e.code);
  if (!known) log(`${path.join('.')}: ${e instanceof Error ? (e.stack ?? e.message) : String(e)}`);
  const data: ErrorData = known
    ? { detail: e.message, retryable: e.retryable, values: { ...e.data } }
    : { detail: MASKED, retryable: false, values: {} };
  return new ORPCError(known ? e.code : 'INTERNAL', { message: data.detail, data });
}

const textField = (input: unknown, name: string): string | undefined => {
  const value = typeof input === 'object' && input !== null ? (input as Record<string, unknown>)[name] : undefined;
  return typeof value === 'string' ? value : undefined;
};

function checkRight(console: Console, session: CoreContext['session'], path: readonly string[], input: unknown): void {
  const need = needOf(path);
  if (need === 'viewer') return;
  if (session.kind !== 'operator') throw new AppError('NOT_ALLOWED', 'This window may look and change nothing.');
  if (need !== 'coordinator') return;
  const village = textField(input, 'village');
  const open = village ? console.find(village) : undefined;
  const roles = open?.village.state().members.get(open.village.row.member)?.roles ?? [];
  if (!roles.includes('coordinator'))
    throw new AppError('NOT_ALLOWED', 'Only a coordinator of this village may do this.');
}

const answerLabel = (id: string): string => `answer|${id}`;

/** What every handler is built from. Named, because the inferred type grows past what the compiler writes down. */
export type Boundary = ImplementerInternalWithMiddlewares<Contract, CoreContext & Record<never, never>, CoreContext>;

/**
 * The one place where rights are checked, commands are made safe to repeat, and errors are declared or masked.
 * Every handler is built from what this returns.
 */
export function createBoundary(console: Console): Boundary {
  const running = new Map<string, { readonly procedure: string; readonly outcome: Promise<unknown> }>();
  const guarded = implement(contract)
    .$context<CoreContext>()
    .use(async ({ context, path, next }, input, output) => {
      try {
        checkRight(console, context.session, path, input);
        const command = textField(input, 'commandId');
        if (command === undefined) return await next();
        const procedure = path.join('.');
        const before = console.store.answered(command);
        const twin = running.get(command);
        if ((before ?? twin ?? { procedure }).procedure !== procedure)
          throw new AppError('BAD_INPUT', 'This command id belongs to another command.');
        if (before) {
          const sealed = new Uint8Array(Buffer.from(before.answer, 'base64'));
          return output(decode(console.dataKey.open(answerLabel(command), sealed)));
        }
        if (twin) return output(await twin.outcome);
        const run = next();
        const outcome = Promise.resolve(run).then((r) => r.output);
        // The sender is told below; a repeat that nobody sends must not end the process as an unhandled rejection.
        outcome.catch(() => undefined);
        running.set(command, { procedure, outcome });
        try {
          const result = await run;
          const sealed = console.dataKey.seal(answerLabel(command), encode(result.output));
          console.store.keepAnswer(
            command,
            procedure,
            Buffer.from(sealed).toString('base64'),
            console.options.clock.now(),
          );
          return result;
        } finally {
          running.delete(command);
        }
      } catch (e) {
        throw toWire(e, path, console.options.log);
      }
    });
  return guarded;
}
