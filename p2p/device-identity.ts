import type { Identity } from '@orbitdb/core';
import * as z from 'zod';
import { ed25519Signer, verifyEd25519 } from '#core/ports/ed25519.ts';
import { decode, encode, fromHex, toHex, utf8 } from '#domain/bytes.ts';
import { orbitHashOf } from './orbit-hash.ts';

export const MAX_IDENTITY_BYTES = 1024;
const MAX_VERIFIED = 10_000;

const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`));
const schema = z.strictObject({
  id: hex(32),
  publicKey: hex(32),
  signatures: z.strictObject({ id: hex(64), publicKey: hex(64) }),
  type: z.literal('publickey'),
});

/** An OrbitDB identity of type 'publickey' whose one key is the device key. */
export interface DeviceIdentity {
  /** 64 hex. */
  readonly device: string;
  /** OrbitDB's name of the block: its CID in base58. */
  readonly hash: string;
  readonly bytes: Uint8Array;
}

/** The identity of this device, and the means to sign log entries with it. */
export function createDeviceIdentity(seed: Uint8Array): DeviceIdentity & { readonly identity: Identity } {
  const signer = ed25519Signer(seed);
  const device = signer.publicKey;
  const signHex = (data: Uint8Array): string => toHex(signer.sign(data));
  const idSignature = signHex(utf8(device));
  const bytes = encode({
    id: device,
    publicKey: device,
    signatures: { id: idSignature, publicKey: signHex(utf8(device + idSignature)) },
    type: 'publickey',
  });
  const hash = orbitHashOf(bytes);
  const asBytes = (data: Uint8Array | string): Uint8Array => (typeof data === 'string' ? utf8(data) : data);
  const identity: Identity = {
    id: device,
    publicKey: device,
    hash,
    type: 'publickey',
    sign: (_id, data) => Promise.resolve(signHex(asBytes(data))),
    verify: (sig, key, data) => Promise.resolve(verifyEd25519(fromHex(sig), fromHex(key), asBytes(data))),
  };
  return { device, hash, bytes, identity };
}

const verified = new Map<string, DeviceIdentity>();

/** Reads an identity block from outside. Undefined unless every byte of it is as a device would have made it. */
export function openIdentity(bytes: Uint8Array): DeviceIdentity | undefined {
  if (bytes.length > MAX_IDENTITY_BYTES) return undefined;
  const hash = orbitHashOf(bytes);
  const cached = verified.get(hash);
  if (cached) return cached;
  const parsed = schema.safeParse(tryDecode(bytes));
  if (!parsed.success || parsed.data.id !== parsed.data.publicKey) return undefined;
  const { id: device, signatures } = parsed.data;
  const isSigned = (sig: string, text: string): boolean => verifyEd25519(fromHex(sig), fromHex(device), utf8(text));
  if (!isSigned(signatures.id, device) || !isSigned(signatures.publicKey, device + signatures.id)) return undefined;
  const identity = { device, hash, bytes: Uint8Array.from(bytes) };
  if (verified.size >= MAX_VERIFIED) verified.clear();
  verified.set(hash, identity);
  return identity;
}

function tryDecode(bytes: Uint8Array): unknown {
  try {
    return decode(bytes);
  } catch {
    return undefined;
  }
}
