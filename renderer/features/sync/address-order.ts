/** Addresses that no other machine can use. */
export const isOnlyHere = (address: string): boolean => /^\/(ip4\/127\.|ip6\/::1\/)/.test(address);

/** Those of the village network first, those of this machine alone last. */
export const orderAddresses = (addresses: readonly string[]): string[] =>
  [...addresses].sort((a, b) => rank(a) - rank(b));

const rank = (address: string): number => (isOnlyHere(address) ? 2 : address.startsWith('/ip6/') ? 1 : 0);
