/** The alphabet of a QR code's alphanumeric mode (RFC 9285): three letters for two bytes. */
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';
const VALUES = new Map(Array.from(ALPHABET, (letter, value) => [letter, value]));

export function toBase45(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 2) {
    const [high = 0, low] = [bytes[i], bytes[i + 1]];
    let value = low === undefined ? high : high * 256 + low;
    for (let letters = low === undefined ? 2 : 3; letters > 0; letters--) {
      text += ALPHABET[value % 45];
      value = Math.floor(value / 45);
    }
  }
  return text;
}

/** Undefined unless the text is exactly what {@link toBase45} makes of some bytes. */
export function fromBase45(text: string): Uint8Array | undefined {
  if (text.length % 3 === 1) return undefined;
  const out: number[] = [];
  for (let i = 0; i < text.length; i += 3) {
    const part = Array.from(text.slice(i, i + 3), (letter) => VALUES.get(letter));
    const [a, b, c] = part;
    if (a === undefined || b === undefined || (part.length === 3 && c === undefined)) return undefined;
    const value = a + b * 45 + (c ?? 0) * 2025;
    if (value > (part.length === 3 ? 0xffff : 0xff)) return undefined;
    if (part.length === 3) out.push(value >> 8, value & 0xff);
    else out.push(value);
  }
  return Uint8Array.from(out);
}
