/** What crosses the debugging pipe: JSON, with bytes as base64. Everything the wire protocol sends is one of these. */
export type Portable = { readonly text: string } | { readonly base64: string } | { readonly json: unknown };

export function toPortable(value: unknown): Portable {
  if (typeof value === 'string') return { text: value };
  if (value instanceof Uint8Array) return { base64: Buffer.from(value).toString('base64') };
  if (value instanceof ArrayBuffer) return { base64: Buffer.from(value).toString('base64') };
  return { json: value ?? null };
}

export function fromPortable(value: Portable): unknown {
  if ('text' in value) return value.text;
  if ('base64' in value) return new Uint8Array(Buffer.from(value.base64, 'base64'));
  return value.json;
}
