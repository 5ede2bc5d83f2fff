import type { ClientContext, ClientLink } from '@orpc/client';

/** One open way to the core, until it closes. */
export interface Channel {
  readonly link: ClientLink<ClientContext>;
  readonly isOpen: () => boolean;
  readonly closed: Promise<void>;
  readonly close: () => void;
}
/** Opens channels; throws {@link NotPairedError} when the gateway does not know this browser. */
export type OpenChannel = () => Promise<Channel>;

export class NotPairedError extends Error {
  constructor() {
    super('this browser is not paired with the console');
    this.name = 'NotPairedError';
  }
}

export type LinkState =
  | { readonly at: 'opening' }
  | { readonly at: 'open' }
  | { readonly at: 'lost'; readonly tries: number }
  | { readonly at: 'unpaired' };

export interface ReconnectingLink extends ClientLink<ClientContext> {
  readonly state: () => LinkState;
  readonly subscribe: (listener: () => void) => () => void;
  /** Tries again now: after pairing, or when the network is back. */
  readonly retryNow: () => void;
  readonly stop: () => void;
}

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 3000;

/**
 * A link that survives its channel. Every procedure of the contract is a query or a command with its own id,
 * so a call whose channel closed before the answer is sent again on the next one. Streams are not:
 * their reader asks again from where it was.
 */
export function createReconnectingLink(openChannel: OpenChannel): ReconnectingLink {
  const listeners = new Set<() => void>();
  let state: LinkState = { at: 'opening' };
  let ready = Promise.withResolvers<Channel>();
  let channel: Channel | null = null;
  let tries = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;

  function enter(next: LinkState): void {
    state = next;
    for (const tell of listeners) tell();
  }

  async function connect(): Promise<void> {
    timer = undefined;
    try {
      const opened = await openChannel();
      if (stopped) return opened.close();
      channel = opened;
      tries = 0;
      ready.resolve(opened);
      enter({ at: 'open' });
      await opened.closed;
      channel = null;
      ready = Promise.withResolvers<Channel>();
    } catch (error) {
      if (error instanceof NotPairedError) return enter({ at: 'unpaired' });
    }
    if (stopped) return;
    tries += 1;
    enter({ at: 'lost', tries });
    timer = setTimeout(() => void connect(), Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (tries - 1)));
  }

  async function nextChannel(signal: AbortSignal | undefined): Promise<Channel> {
    if (!signal) return ready.promise;
    signal.throwIfAborted();
    const aborted = Promise.withResolvers<never>();
    const abort = () => aborted.reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    try {
      return await Promise.race([ready.promise, aborted.promise]);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  void connect();
  return {
    async call(path, input, options) {
      for (;;) {
        const used = await nextChannel(options.signal);
        try {
          return await used.link.call(path, input, options);
        } catch (error) {
          if (used.isOpen() || stopped || options.signal?.aborted) throw error;
          await used.closed;
        }
      }
    },
    state: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    retryNow() {
      if (channel || stopped) return;
      clearTimeout(timer);
      if (timer !== undefined || state.at === 'unpaired') void connect();
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
      channel?.close();
    },
  };
}
