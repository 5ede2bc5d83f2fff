import type { NodeEvent } from '#core/ports/village-node.ts';

/** Changes of peers are told at most this often, ms. */
const PEERS_EVERY_MS = 50;

export interface NodeEvents {
  subscribe(listener: (event: NodeEvent) => void): () => void;
  emit(event: NodeEvent): void;
  /** Something about peers changed: many changes become one event. */
  peersChanged(): void;
  stop(): void;
}

export function createNodeEvents(): NodeEvents {
  const listeners = new Set<(event: NodeEvent) => void>();
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const emit = (event: NodeEvent): void => {
    for (const listener of listeners) {
      try {
        listener(event);
      } catch (error) {
        // A listener's fault must show, but not undo what is already durable.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  };
  return {
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    emit,
    peersChanged() {
      if (stopped) return;
      timer ??= setTimeout(() => {
        timer = undefined;
        emit({ type: 'peers' });
      }, PEERS_EVERY_MS);
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
