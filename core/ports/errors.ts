/** The one error adapters and use cases throw. `code` is part of the wire contract; `message` names what, where, what to do. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: string;
  readonly retryable: boolean;
  /** Names and figures for the sentence shown to a person; never a secret. */
  readonly data: Readonly<Record<string, string | number>>;
  constructor(
    code: string,
    message: string,
    options: { retryable?: boolean; data?: Record<string, string | number>; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.data = options.data ?? {};
  }
}
