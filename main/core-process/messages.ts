import * as z from 'zod';

/** From the shell to the core process. A 'connect' message carries one port of a fresh channel. */
export const toCore = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('start'), dataDir: z.string(), passphrase: z.string().nullable() }),
  z.strictObject({ type: z.literal('connect') }),
  z.strictObject({ type: z.literal('stop') }),
]);
export type ToCore = z.infer<typeof toCore>;

/** From the core process to the shell: the one answer to 'start'. It answers 'stop' by ending. */
export const fromCore = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ready') }),
  z.strictObject({ type: z.literal('failed'), message: z.string() }),
]);
export type FromCore = z.infer<typeof fromCore>;
