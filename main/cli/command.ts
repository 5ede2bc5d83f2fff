import type { ParseArgsOptionsConfig } from 'node:util';

export interface CommandIo {
  /** One line of the answer. */
  print(line: string): void;
  /** One line for the person at the terminal that is not part of the answer. */
  note(line: string): void;
  /** Aborted when the person or the system asks the command to end. */
  readonly signal: AbortSignal;
}

export type OptionValues = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

export interface CommandCall {
  readonly values: OptionValues;
  readonly args: readonly string[];
  readonly io: CommandIo;
}

/** Resolves to the exit code: 0 done, 1 not done. */
export type RunCommand = (call: CommandCall) => Promise<number>;

export interface CommandOption {
  readonly type: 'string' | 'boolean';
  readonly multiple?: boolean;
  /** Name of the value in the help text, e.g. 'FILE'. */
  readonly value?: string;
  readonly text: string;
}

export interface CommandSpec {
  /** Words after `gridpact`, e.g. 'readings import'. */
  readonly name: string;
  readonly summary: string;
  /** Names of the arguments, all required. */
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, CommandOption>>;
  readonly load: () => Promise<RunCommand>;
}

export const asParseArgsOptions = (options: CommandSpec['options']): ParseArgsOptionsConfig =>
  Object.fromEntries(
    Object.entries(options).map(([name, { type, multiple }]) => [name, multiple ? { type, multiple } : { type }]),
  );

/** A command line that makes no sense: exit code 2 and a pointer to the help text. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export function readText(values: OptionValues, name: string): string | undefined {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
}

export function readList(values: OptionValues, name: string): readonly string[] {
  const value = values[name];
  return Array.isArray(value) ? value : [];
}

export function readInteger(
  values: OptionValues,
  name: string,
  range: { min: number; max: number },
): number | undefined {
  const text = readText(values, name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d{1,15}$/.test(text) || value < range.min || value > range.max) {
    throw new UsageError(`--${name} ${text} is not a whole number from ${range.min} to ${range.max}.`);
  }
  return value;
}
