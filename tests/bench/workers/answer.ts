/** What the bench gave this worker, with the folder it may use. */
export function readInput<Input extends object>(): Input & { readonly dir: string } {
  process.once('disconnect', leave);
  return JSON.parse(process.argv[2] ?? '{}') as Input & { readonly dir: string };
}

/** The bench has gone before the answer. */
const leave = (): never => process.exit(1);

/** Gives the answer, waits until the bench lets go, cleans up and ends. */
export async function answer(value: object, cleanUp: () => Promise<unknown> = () => Promise.resolve()): Promise<never> {
  const released = new Promise<void>((resolve) => process.once('disconnect', () => resolve()));
  process.off('disconnect', leave);
  process.send?.(value);
  await released;
  await cleanUp();
  process.exit(0);
}

/** Seconds since an instant of performance.now(). */
export const secondsSince = (startMs: number): number => (performance.now() - startMs) / 1000;
