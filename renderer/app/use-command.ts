import { useMutation } from '@tanstack/react-query';
import { useRef } from 'react';

/** A command of the contract without the id that makes it safe to repeat. */
export interface Command<I, O> {
  readonly send: (input: I) => void;
  readonly sendAsync: (input: I) => Promise<O>;
  readonly busy: boolean;
  readonly error: unknown;
  readonly done: O | undefined;
  readonly reset: () => void;
}

/**
 * Sends a command under an id made here. The same input sent again after a failure keeps its id,
 * so a command whose answer was lost is not done twice.
 */
export function useCommand<I extends { readonly commandId: string }, O>(
  call: (input: I) => Promise<O>,
  onDone?: (answer: O) => void,
): Command<Omit<I, 'commandId'>, O> {
  const last = useRef<{ readonly body: string; readonly commandId: string } | null>(null);
  const mutation = useMutation<O, unknown, Omit<I, 'commandId'>>({
    mutationFn(input) {
      const body = JSON.stringify(input, (_, v: unknown) => (typeof v === 'bigint' ? `${v}n` : v));
      if (last.current?.body !== body) last.current = { body, commandId: crypto.randomUUID() };
      return call({ ...input, commandId: last.current.commandId } as I);
    },
    onSuccess(answer) {
      last.current = null;
      onDone?.(answer);
    },
    gcTime: 0,
  });
  return {
    send: (input) => mutation.mutate(input),
    sendAsync: (input) => mutation.mutateAsync(input),
    busy: mutation.isPending,
    error: mutation.error,
    done: mutation.data,
    reset: mutation.reset,
  };
}
