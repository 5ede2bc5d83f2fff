import { concat, keccak256, recoverAddress, Signature, TypedDataEncoder, type TypedDataField } from 'ethers';

/** EIP-712 types without a chain id: these acts outlive chains. Every type carries `bytes32 village`. */
export const GRIDPACT_DOMAIN = { name: 'Gridpact', version: '1' } as const;
const field = (type: string, name: string): TypedDataField => ({ name, type });
export const ACT_TYPES = {
  DeviceGrant: [
    field('bytes32', 'village'),
    field('string', 'member'),
    field('bytes32', 'device'),
    field('bytes32', 'box'),
    field('uint64', 'grantedAt'),
  ],
  Invitation: [
    field('bytes32', 'village'),
    field('bytes32', 'invite'),
    field('string', 'roles'),
    field('uint64', 'expires'),
    field('string', 'issuer'),
  ],
  MemberKey: [
    field('bytes32', 'village'),
    field('string', 'member'),
    field('address', 'key'),
    field('uint32', 'number'),
  ],
  KeyRotation: [
    field('bytes32', 'village'),
    field('string', 'member'),
    field('address', 'key'),
    field('uint32', 'number'),
  ],
  DataGrant: [
    field('bytes32', 'village'),
    field('string', 'grant'),
    field('string', 'things'),
    field('string', 'to'),
    field('uint64', 'from'),
    field('uint64', 'until'),
  ],
  Agreement: [
    field('bytes32', 'village'),
    field('string', 'agreement'),
    field('uint32', 'version'),
    field('bytes32', 'terms'),
  ],
} as const;
export type Act = keyof typeof ACT_TYPES;

/** Made once: a fold asks for thousands of digests, and building an encoder costs more than using it. */
const DOMAIN_HASH = TypedDataEncoder.hashDomain(GRIDPACT_DOMAIN);
const encoderFor = (act: Act): TypedDataEncoder => TypedDataEncoder.from({ [act]: [...ACT_TYPES[act]] });
const ENCODERS: Readonly<Record<Act, TypedDataEncoder>> = {
  DeviceGrant: encoderFor('DeviceGrant'),
  Invitation: encoderFor('Invitation'),
  MemberKey: encoderFor('MemberKey'),
  KeyRotation: encoderFor('KeyRotation'),
  DataGrant: encoderFor('DataGrant'),
  Agreement: encoderFor('Agreement'),
};

/** The digest a member key signs for an act. */
export const actDigest = (act: Act, value: Record<string, unknown>): string =>
  keccak256(concat(['0x1901', DOMAIN_HASH, ENCODERS[act].hash(value)]));

/** The address whose key signed a digest (lower case), or undefined for anything malformed. Strict: low-S only. */
export function recoverSigner(digest: string, signature: string): string | undefined {
  try {
    return recoverAddress(digest, Signature.from(signature)).toLowerCase();
  } catch {
    return undefined;
  }
}
/** Supplied to the fold so that a host may cache what it has already recovered. */
export type RecoverSigner = typeof recoverSigner;
