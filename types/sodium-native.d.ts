declare module 'sodium-native' {
  interface Sodium {
    /** False for a signature that is not valid; throws for anything of a wrong length. */
    crypto_sign_verify_detached(sig: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean;
  }
  const sodium: Sodium;
  export default sodium;
}
