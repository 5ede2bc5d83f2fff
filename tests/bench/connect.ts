import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/websocket';
import type { ContractRouterClient } from '@orpc/contract';
import type { Contract } from '#api/contract.ts';
import { cookieOf, createRoughBrowser } from '#main/gateway/rough-browser.ts';
import type { StartedConsole } from '../e2e/start-console.ts';

export type Client = ContractRouterClient<Contract>;

/** Pairs with a console as a browser does. */
export async function connect({ link }: StartedConsole): Promise<{ client: Client; close: () => void }> {
  const url = new URL(link);
  const browser = createRoughBrowser(() => Number(url.port));
  const cookie = cookieOf(await browser.tryCode(url.hash.replace('#pair=', '')));
  const socket = await browser.openSocket(cookie);
  // the same events and methods, in the types of another library
  const websocket = socket as unknown as WebSocket;
  return { client: createORPCClient(new RPCLink({ websocket })), close: () => socket.terminate() };
}
