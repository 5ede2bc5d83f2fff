import * as z from 'zod';

/** Every refusal a person can meet. The console maps each code to a sentence and to what to do. */
export const ERROR_CODES = [
  'NOT_PAIRED',
  'NOT_ALLOWED',
  'NOT_FOUND',
  'BAD_INPUT',
  'WRONG_PIN',
  'PIN_LOCKED',
  'BAD_WORDS',
  'NO_KEY_HERE',
  'BAD_INVITATION',
  'INVITATION_EXPIRED',
  'VILLAGE_LOCKED',
  'RESTORED_COPY',
  'DISK_FULL',
  'METER_SILENT',
  'METER_REFUSED',
  'METER_MISMATCH',
  'METER_TAKEN',
  'READING_BELOW_LAST',
  'BAD_FILE',
  'BUNDLE_DAMAGED',
  'BUNDLE_OTHER_VILLAGE',
  'MONTH_EXPORTED',
  'MONTH_KEPT_NOWHERE',
  'MONTH_NEEDED_HERE',
  'EXPORT_NOT_WHOLE',
  'AGREEMENT_CHANGED',
  'AGREEMENT_INCOMPLETE',
  'ALREADY_SIGNED',
  'PERIOD_NOT_OVER',
  'PERIOD_CLOSED',
  'PERIOD_OUT_OF_ORDER',
  'ANOTHER_CLOSE',
  'CANNOT_VERIFY_CLOSE',
  'CLOSE_NOT_READABLE',
  'NOT_ENOUGH_SIGNATURES',
  'CHAIN_UNREACHABLE',
  'CHAIN_MISMATCH',
  'CHAIN_UNAVAILABLE',
  'BATCH_REFUSED',
  'DIAL_FAILED',
  'BAD_ADDRESS',
  'CANCELLED',
  'INTERNAL',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/** Names and figures that belong in the sentence; never a secret. */
export const errorData = z.object({
  detail: z.string(),
  retryable: z.boolean(),
  values: z.record(z.string(), z.union([z.string(), z.number()])),
});
export type ErrorData = z.infer<typeof errorData>;

type ErrorMap = { readonly [C in ErrorCode]: { readonly data: typeof errorData } };
export const errorMap = Object.fromEntries(ERROR_CODES.map((code) => [code, { data: errorData }])) as ErrorMap;
