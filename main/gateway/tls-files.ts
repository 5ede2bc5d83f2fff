import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { AppError } from '#core/ports/errors.ts';

export interface TlsIdentity {
  readonly cert: string;
  readonly key: string;
  /** DNS names and addresses the certificate stands for. */
  readonly names: readonly string[];
}

/** Reads and checks a certificate and its key before a socket is opened with them. */
export function readTlsFiles(certFile: string, keyFile: string): TlsIdentity {
  const cert = readText(certFile, '--tls-cert');
  const key = readText(keyFile, '--tls-key');
  const parsed = parse(certFile, 'a PEM certificate', () => new X509Certificate(cert));
  const secret: KeyObject = parse(keyFile, 'a PEM private key', () => createPrivateKey(key));
  if (!parsed.checkPrivateKey(secret)) {
    throw new AppError(
      'BAD_INPUT',
      `${keyFile} is not the key of ${certFile}. Give the two files that belong together.`,
    );
  }
  return { cert, key, names: readNames(parsed.subjectAltName) };
}

function readText(file: string, option: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new AppError('BAD_INPUT', `${option} ${file} cannot be read. Give the path of a PEM file.`, { cause: error });
  }
}

function parse<T>(file: string, what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new AppError('BAD_INPUT', `${file} is not ${what}.`, { cause: error });
  }
}

/** Form of Node: 'DNS:gateway.local, IP Address:192.168.1.5'. Wildcards name nobody in particular and are left out. */
function readNames(subjectAltName: string | undefined): string[] {
  return (subjectAltName ?? '')
    .split(', ')
    .map((entry) => /^(?:DNS|IP Address):([\w.:-]+)$/.exec(entry)?.[1]?.toLowerCase())
    .filter((name) => name !== undefined);
}
