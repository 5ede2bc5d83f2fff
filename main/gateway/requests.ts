import type { IncomingMessage, ServerResponse } from 'node:http';
import * as z from 'zod';
import type { Assets } from '#main/assets.ts';
import type { OwnNames } from './own-names.ts';
import { CODE_DIGITS, type Pairing } from './pairing.ts';
import { SESSION_IDLE_MS, type Sessions } from './sessions.ts';

const MAX_BODY_BYTES = 256;
const pairRequest = z.strictObject({ code: z.string().regex(new RegExp(`^\\d{${CODE_DIGITS}}$`)) });

export interface RequestParts {
  readonly assets: Assets;
  readonly names: OwnNames;
  readonly pairing: Pairing;
  readonly sessions: Sessions;
  /** Whether cookies may travel over TLS only. */
  readonly secure: boolean;
}

/** Answers GET /session, POST /pair and the files of the console; everything else is refused. */
export async function answerRequest(
  parts: RequestParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (!parts.names.isHost(request.headers.host)) {
    answerJson(response, 421, { error: 'this gateway does not go by that name' });
    return;
  }
  const path = pathOf(request);
  if (path === '/session') answerSession(parts, request, response);
  else if (path === '/pair') await answerPair(parts, request, response);
  else answerFile(parts, path, request, response);
}

/** The undecoded path: an escaped slash or dot stays escaped and so never names a file. */
function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').split(/[?#]/, 1)[0] ?? '/';
}

function answerSession({ sessions }: RequestParts, request: IncomingMessage, response: ServerResponse): void {
  if (!allowMethods(request, response, ['GET'])) return;
  const session = sessions.find(request.headers.cookie);
  answerJson(response, session ? 200 : 401, { paired: session !== undefined });
}

async function answerPair(parts: RequestParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!allowMethods(request, response, ['POST'])) return;
  if (!parts.names.isOrigin(request.headers.origin, request.headers.host)) {
    answerJson(response, 403, { paired: false, reason: 'origin' });
    return;
  }
  if (request.headers['content-type'] !== 'application/json') {
    answerJson(response, 415, { paired: false, reason: 'content-type' });
    return;
  }
  const body = await readBody(request);
  if (body === undefined) {
    answerJson(response, 413, { paired: false, reason: 'too-large' });
    return;
  }
  const asked = pairRequest.safeParse(parseJson(body));
  if (!asked.success) {
    answerJson(response, 400, { paired: false, reason: 'malformed' });
    return;
  }
  const outcome = parts.pairing.redeem(asked.data.code);
  if (!outcome.ok) {
    const { reason, attemptsLeft } = outcome;
    answerJson(response, reason === 'wrong' ? 403 : 429, { paired: false, reason, attemptsLeft });
    return;
  }
  response.setHeader('set-cookie', sessionCookie(parts, parts.sessions.open(outcome.kind)));
  answerJson(response, 200, { paired: true });
}

function sessionCookie({ sessions, secure }: RequestParts, id: string): string {
  const maxAgeS = SESSION_IDLE_MS / 1_000;
  return `${sessions.cookieName}=${id}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${maxAgeS}${secure ? '; Secure' : ''}`;
}

function answerFile({ assets }: RequestParts, path: string, request: IncomingMessage, response: ServerResponse): void {
  if (!allowMethods(request, response, ['GET', 'HEAD'])) return;
  const asset = assets.get(path);
  if (!asset) {
    answerJson(response, 404, { error: 'no such file' });
    return;
  }
  response.writeHead(200, { ...asset.headers, 'content-length': asset.body.length });
  response.end(request.method === 'HEAD' ? undefined : asset.body);
}

function allowMethods(request: IncomingMessage, response: ServerResponse, methods: readonly string[]): boolean {
  if (methods.includes(request.method ?? '')) return true;
  response.setHeader('allow', methods.join(', '));
  answerJson(response, 405, { error: `only ${methods.join(' or ')}` });
  return false;
}

function answerJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'",
    // an unread body must not be taken for the next request
    ...(status >= 400 ? { connection: 'close' } : {}),
  });
  response.end(JSON.stringify(body));
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
