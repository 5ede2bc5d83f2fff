import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { AppError } from '#core/ports/errors.ts';

/** Stands in the built index.html wherever a nonce belongs; every answer puts a fresh one there. */
const NONCE_PLACEHOLDER = 'GRIDPACT_NONCE';

export interface Asset {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** Answers the built console by URL path, e.g. '/' or '/assets/index-AbC123.js'. */
export interface Assets {
  get(pathname: string): Asset | undefined;
  readonly count: number;
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.md': 'text/plain; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.webmanifest': 'application/manifest+json',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
};

const MAX_ASSETS_BYTES = 256 * 1024 * 1024;

const FIXED_HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(self), geolocation=(), microphone=(), payment=(), usb=(), serial=()',
} as const;

function contentSecurityPolicy(nonce?: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self'${nonce ? ` 'nonce-${nonce}'` : ''}`,
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "worker-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/**
 * Reads the whole built console into memory, so that only files that were there at start can ever be answered:
 * a path is looked up, never opened.
 */
export function loadAssets(root: string): Assets {
  const files = readTree(root);
  if (!files.has('/index.html')) {
    throw new AppError(
      'INTERNAL',
      `The built console is missing: ${join(root, 'index.html')} is not there. Run npm run build.`,
    );
  }
  return {
    count: files.size,
    get(pathname) {
      const path = pathname === '/' ? '/index.html' : pathname;
      const body = files.get(path);
      const type = CONTENT_TYPES[extname(path)];
      if (!body || !type) return undefined;
      return path.endsWith('.html') ? page(body, type) : plain(path, body, type);
    },
  };
}

function readTree(root: string): ReadonlyMap<string, Buffer> {
  const files = new Map<string, Buffer>();
  let bytes = 0;
  for (const entry of listFiles(root)) {
    const body = readFileSync(entry);
    bytes += body.length;
    if (bytes > MAX_ASSETS_BYTES) throw new AppError('INTERNAL', `${root} holds more than a built console ever does.`);
    files.set(`/${relative(root, entry).split(sep).join('/')}`, body);
  }
  return files;
}

function listFiles(root: string): string[] {
  try {
    return readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
      .map((entry) => join(entry.parentPath, entry.name));
  } catch (error) {
    throw new AppError('INTERNAL', `The built console is missing: ${root} cannot be read. Run npm run build.`, {
      cause: error,
    });
  }
}

function page(body: Buffer, type: string): Asset {
  const nonce = randomBytes(16).toString('base64');
  const html = body.toString('utf8').replaceAll(NONCE_PLACEHOLDER, nonce);
  return {
    body: Buffer.from(html, 'utf8'),
    headers: {
      ...FIXED_HEADERS,
      'content-type': type,
      'content-security-policy': contentSecurityPolicy(nonce),
      'cache-control': 'no-store',
    },
  };
}

function plain(path: string, body: Buffer, type: string): Asset {
  const hashed = /^\/assets\/.+-[\w-]{8}\.\w+$/.test(path);
  return {
    body,
    headers: {
      ...FIXED_HEADERS,
      'content-type': type,
      'content-security-policy': contentSecurityPolicy(),
      'cache-control': hashed ? 'public, max-age=31536000, immutable' : 'no-cache',
    },
  };
}
