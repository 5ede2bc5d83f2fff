import { protocol } from 'electron';
import type { Assets } from '#main/assets.ts';

const SCHEME = 'gridpact';
const HOST = 'console';
export const CONSOLE_URL = `${SCHEME}://${HOST}/`;

/** A page of its own origin instead of file://, so that the same policy and rules hold as behind the gateway. Before 'ready'. */
export function declareConsoleProtocol(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);
}

export function serveConsole(assets: Assets): void {
  protocol.handle(SCHEME, (request) => {
    const { host, pathname } = new URL(request.url);
    const asset = host === HOST && request.method === 'GET' ? assets.get(pathname) : undefined;
    if (!asset) return new Response('no such file', { status: 404 });
    return new Response(new Uint8Array(asset.body), { headers: { ...asset.headers } });
  });
}
