import type { CdpParams } from './chromium.ts';

const SHOWN_ORIGIN = 'https://console.gridpact.invalid';
const REAL_ORIGIN = 'gridpact://console';

/** Chromium cannot be taught a scheme from outside; see README.md. */
export const toShown = (url: string): string => url.replace(REAL_ORIGIN, SHOWN_ORIGIN);
export const toReal = (url: string): string => url.replace(SHOWN_ORIGIN, REAL_ORIGIN);

type Handler = (request: Request) => Response | Promise<Response>;
const handlers = new Map<string, Handler>();

export const protocol = {
  registerSchemesAsPrivileged(schemes: readonly { readonly scheme: string }[]): void {
    if (schemes.some(({ scheme }) => scheme !== 'gridpact')) throw new Error('the stand-in knows one scheme only');
  },
  handle(scheme: string, handler: Handler): void {
    handlers.set(scheme, handler);
  },
};

/** What Chromium is told for a request it paused: the handler's answer, or a refusal for every other address. */
export async function answerPaused(url: string, method: string): Promise<{ method: string; params: CdpParams }> {
  const real = toReal(url);
  const handler = handlers.get(URL.parse(real)?.protocol.slice(0, -1) ?? '');
  if (!handler) return { method: 'Fetch.failRequest', params: { errorReason: 'AccessDenied' } };
  const answer = await handler(new Request(real, { method }));
  const body = Buffer.from(await answer.arrayBuffer()).toString('base64');
  const responseHeaders = Array.from(answer.headers, ([name, value]) => ({ name, value }));
  return { method: 'Fetch.fulfillRequest', params: { responseCode: answer.status, responseHeaders, body } };
}
