import * as z from 'zod';

/** How a value lies in a snapshot. */
export interface Form<T> {
  write(value: T): unknown;
  /** Takes what {@link write} makes. */
  readonly schema: z.ZodType<T>;
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const isAscending = (keys: readonly string[]): boolean => keys.every((k, i) => i === 0 || (keys[i - 1] as string) < k);

export const plain = <T>(schema: z.ZodType<T>): Form<T> => ({ write: (value) => value, schema });

/** Values that name their own key, sorted by it. */
export const sorted = <T>(value: z.ZodType<T>, keyOf: (value: T) => string): Form<Map<string, T>> => ({
  write: (map) => [...map].sort(([a], [b]) => byText(a, b)).map(([, v]) => v),
  schema: z
    .array(value)
    .refine((list) => isAscending(list.map(keyOf)), 'not sorted')
    .transform((list) => new Map(list.map((v) => [keyOf(v), v]))),
});
/** Values that name their own key, in the order in which they count. */
export const inOrder = <T>(value: z.ZodType<T>, keyOf: (value: T) => string): Form<Map<string, T>> => ({
  write: (map) => [...map.values()],
  schema: z.array(value).transform((list) => new Map(list.map((v) => [keyOf(v), v]))),
});
export const mapOf = <T>(key: z.ZodType<string>, value: Form<T>): Form<Map<string, T>> => ({
  write: (map) => [...map].sort(([a], [b]) => byText(a, b)).map(([k, v]) => [k, value.write(v)]),
  schema: z
    .array(z.tuple([key, value.schema]))
    .refine((list) => isAscending(list.map(([k]) => k)), 'not sorted')
    .transform((list) => new Map(list)),
});
export const setOf = (key: z.ZodType<string>): Form<Set<string>> => ({
  write: (set) => [...set].sort(byText),
  schema: z
    .array(key)
    .refine(isAscending, 'not sorted')
    .transform((list) => new Set(list)),
});
