import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';

export interface Authority {
  readonly hostname: string;
  readonly port: number;
}

/**
 * Reads a Host header. Only what a browser itself would send passes: a dotted IPv4, a bracketed IPv6, or a plain DNS
 * name in lower case, with an optional port. Anything else, such as user info or a path, is undefined.
 */
export function parseAuthority(text: string | undefined, defaultPort: number): Authority | undefined {
  const parts = /^(?:\[([0-9a-f:.]{2,45})\]|([a-z0-9.-]{1,253}))(?::([1-9]\d{0,4}))?$/.exec(text ?? '');
  if (!parts) return undefined;
  const [, v6, name, portText] = parts;
  const port = portText === undefined ? defaultPort : Number(portText);
  if (port < 1 || port > 65_535) return undefined;
  if (v6 !== undefined) return isIP(v6) === 6 ? { hostname: v6, port } : undefined;
  return name === undefined ? undefined : { hostname: name, port };
}

/** The names under which this gateway may be asked for. Everything else is somebody else's page (DNS rebinding). */
export interface OwnNames {
  /** The Host header names us, on our port. */
  isHost(host: string | undefined): boolean;
  /** The Origin header is the very page this Host header serves. */
  isOrigin(origin: string | undefined, host: string | undefined): boolean;
}

export function createOwnNames(options: {
  readonly scheme: 'http' | 'https';
  readonly port: number;
  /** Also names of the certificate, and the addresses this machine has on the local network. */
  readonly lan: boolean;
  readonly names: readonly string[];
}): OwnNames {
  const defaultPort = options.scheme === 'https' ? 443 : 80;
  const fixed = new Set(['127.0.0.1', '::1', 'localhost', ...options.names]);
  const isHost = (host: string | undefined): boolean => {
    const authority = parseAuthority(host, defaultPort);
    if (authority?.port !== options.port) return false;
    return fixed.has(authority.hostname) || (options.lan && hasAddress(authority.hostname));
  };
  return {
    isHost,
    isOrigin: (origin, host) => isHost(host) && origin === `${options.scheme}://${host}`,
  };
}

function hasAddress(hostname: string): boolean {
  if (isIP(hostname) === 0) return false;
  return Object.values(networkInterfaces()).some((list) => list?.some((each) => each.address === hostname));
}
