import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { Level } from 'level';

/** What must not be found, in any form it could lie in. */
export interface Known {
  readonly texts: readonly string[];
  /** Registers so large that no other number looks like them. */
  readonly registersWh: readonly bigint[];
  readonly powersW: readonly number[];
}
interface Needle {
  readonly what: string;
  readonly form: string;
  readonly bytes: Buffer;
}
export interface Trace {
  readonly file: string;
  readonly what: string;
  readonly form: string;
}

const swapped = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();

/** Base64 of bytes at any place of a longer text: the characters that its neighbours do not change. */
function base64Forms(bytes: Buffer): string[] {
  return [0, 1, 2].map((before) => {
    const padded = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    const first = [0, 2, 3][before] ?? 0;
    const whole = Math.floor(((before + bytes.length) * 8) / 6);
    return padded.slice(first, whole);
  });
}

function textNeedles(what: string): Needle[] {
  const utf8 = Buffer.from(what, 'utf8');
  const forms: [string, Buffer][] = [
    ['UTF-8', utf8],
    ['lower case', Buffer.from(what.toLowerCase())],
    ['UTF-16LE', Buffer.from(what, 'utf16le')],
    ['UTF-16BE', swapped(what)],
    ['hex', Buffer.from(utf8.toString('hex'))],
    ['HEX', Buffer.from(utf8.toString('hex').toUpperCase())],
    ['JSON', Buffer.from(JSON.stringify(what).slice(1, -1))],
    ['URL', Buffer.from(encodeURIComponent(what))],
  ];
  for (const [i, text] of base64Forms(utf8).entries()) {
    forms.push([`base64 at ${i}`, Buffer.from(text)]);
    forms.push([`base64url at ${i}`, Buffer.from(text.replaceAll('+', '-').replaceAll('/', '_'))]);
  }
  return forms.map(([form, bytes]) => ({ what, form, bytes }));
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7n) {
    if (rest < 128n) return Buffer.from([...bytes, Number(rest)]);
    bytes.push(Number(rest & 127n) | 128);
  }
}

/** As CBOR and SQLite (big-endian, however long), little-endian, LEB128, a double, and as digits. */
function numberNeedles(value: bigint): Needle[] {
  const hex = value.toString(16);
  const big = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  const double = Buffer.alloc(8);
  double.writeDoubleBE(Number(value));
  const forms: [string, Buffer][] = [
    ['big-endian', big],
    ['little-endian', Buffer.from(big).reverse()],
    ['varint', varint(value)],
    ['double', double],
    ['double, little-endian', Buffer.from(double).reverse()],
    ['digits, UTF-16', Buffer.from(value.toString(), 'utf16le')],
    ['digits', Buffer.from(value.toString())],
  ];
  return forms.map(([form, bytes]) => ({ what: value.toString(), form, bytes }));
}

function doubleNeedles(value: number): Needle[] {
  const big = Buffer.alloc(8);
  big.writeDoubleBE(value);
  const forms: [string, Buffer][] = [
    ['double', big],
    ['double, little-endian', Buffer.from(big).reverse()],
    ['digits', Buffer.from(String(value))],
  ];
  return forms.map(([form, bytes]) => ({ what: String(value), form, bytes }));
}

const needlesOf = (known: Known): Needle[] => [
  ...known.texts.flatMap(textNeedles),
  ...known.registersWh.flatMap(numberNeedles),
  ...known.powersW.flatMap(doubleNeedles),
];

/** What of the known lies in bytes in the clear: of a file, a bundle, a message. */
export function tracesIn(file: string, bytes: Uint8Array, known: Known): Trace[] {
  const hay = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return needlesOf(known)
    .filter((n) => hay.includes(n.bytes))
    .map(({ what, form }) => ({ file, what, form }));
}

function filesUnder(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((e) => e.isFile())
    .map((e) => join(e.parentPath, e.name));
}

/** LevelDB compresses its tables: its entries are read out of a copy, keys and values. */
async function tracesInLevel(dir: string, name: string, known: Known): Promise<Trace[]> {
  const copy = mkdtempSync(join(tmpdir(), 'level-copy-'));
  try {
    cpSync(dir, copy, { recursive: true });
    const db = new Level<Uint8Array, Uint8Array>(copy, { keyEncoding: 'view', valueEncoding: 'view' });
    const traces: Trace[] = [];
    for await (const [key, value] of db.iterator()) {
      traces.push(...tracesIn(`${name} (key)`, key, known), ...tracesIn(`${name} (value)`, value, known));
    }
    await db.close();
    return traces;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** Every file of a folder whose programs are stopped, and every entry of every LevelDB in it. */
export async function tracesUnder(dir: string, known: Known): Promise<Trace[]> {
  const traces: Trace[] = [];
  const folders = new Set<string>();
  for (const path of filesUnder(dir)) {
    traces.push(...tracesIn(relative(dir, path), readFileSync(path), known));
    folders.add(join(path, '..'));
  }
  for (const folder of folders)
    if (existsSync(join(folder, 'CURRENT')))
      traces.push(...(await tracesInLevel(folder, relative(dir, folder), known)));
  return traces;
}
