import type { PairingLink } from '#main/gateway/server.ts';

export function formatPairing({ url, code, link, expiresAtMs }: PairingLink & { url: string }): string {
  const until = new Date(expiresAtMs).toISOString().slice(11, 16);
  return [
    `  Address  ${url}`,
    `  Code     ${code}  (good once, until ${until} UTC)`,
    `  Link     ${link}  (opens the console with this code)`,
  ].join('\n');
}
