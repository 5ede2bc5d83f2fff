import { createORPCClient } from '@orpc/client';
import { createTanstackQueryUtils } from '@orpc/tanstack-query';
import { QueryClient } from '@tanstack/react-query';
import { createContext, useContext, useSyncExternalStore } from 'react';
import type { LinkState, ReconnectingLink } from './link.ts';
import type { Api, ConsoleClient } from './wire.ts';

export interface Console {
  readonly client: ConsoleClient;
  readonly api: Api;
  readonly link: Pick<ReconnectingLink, 'state' | 'subscribe' | 'retryNow'>;
}

export const createConsole = (link: ReconnectingLink): Console => {
  const client: ConsoleClient = createORPCClient(link);
  return { client, api: createTanstackQueryUtils(client), link };
};

const sorted = (_: string, value: unknown): unknown => {
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
};

/** Answers stay until the change stream says otherwise; a lost line is waited for by the link, not here. */
export const createQueryClient = (): QueryClient =>
  new QueryClient({
    defaultOptions: {
      queries: {
        networkMode: 'always',
        retry: false,
        staleTime: 60_000,
        gcTime: 30 * 60_000,
        refetchOnWindowFocus: false,
        queryKeyHashFn: (key) => JSON.stringify(key, sorted),
      },
      mutations: { networkMode: 'always', retry: false },
    },
  });

const ConsoleContext = createContext<Console | null>(null);
export const ConsoleProvider = ConsoleContext;

export function useConsole(): Console {
  const value = useContext(ConsoleContext);
  if (!value) throw new Error('no console around this view');
  return value;
}
export const useApi = (): Api => useConsole().api;
export function useLinkState(): LinkState {
  const { link } = useConsole();
  return useSyncExternalStore(link.subscribe, link.state);
}
