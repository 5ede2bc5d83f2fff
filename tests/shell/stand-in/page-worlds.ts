/// <reference lib="dom" />
// Two functions that run inside Chromium, each sent there as text: nothing from outside may be used in them.
import type { Portable } from './codec.ts';

export type FromPage =
  | { readonly op: 'invoke'; readonly id: number; readonly channel: string; readonly args: unknown[] }
  | { readonly op: 'port'; readonly id: number; readonly data: Portable }
  | { readonly op: 'port-close'; readonly id: number }
  | { readonly op: 'preload-error'; readonly text: string };
export type ToPage =
  | { readonly op: 'answer'; readonly id: number; readonly value?: unknown; readonly error?: string }
  | { readonly op: 'message'; readonly channel: string; readonly args: unknown[]; readonly ports: number[] }
  | { readonly op: 'port'; readonly id: number; readonly data: Portable }
  | { readonly op: 'port-close'; readonly id: number };

export const ISOLATED_WORLD = 'Preload';
export const BINDING = 'standInSend';
export const RECEIVE = 'standInReceive';

/** The page's own world: shows what the preload exposes. The two worlds share the DOM, so events carry the calls. */
export function runInMainWorld(): void {
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let lastId = 0;
  window.addEventListener(
    'stand-in:to-page',
    (event) => {
      event.stopImmediatePropagation();
      const message = JSON.parse((event as CustomEvent<string>).detail);
      if (message.op === 'expose') {
        const entries = (message.names as string[]).map((name) => [name, caller(message.key, name)]);
        Object.defineProperty(window, message.key, {
          value: Object.freeze(Object.fromEntries(entries)),
          enumerable: true,
        });
        return;
      }
      const call = waiting.get(message.id);
      waiting.delete(message.id);
      if (message.error === undefined) call?.resolve(message.value);
      else call?.reject(new Error(message.error));
    },
    true,
  );
  // Electron tells a port that its other end closed; Chromium does not, so the two worlds tell each other
  const closing = { standIn: 'close' };
  const isClosing = (data: unknown): boolean => (data as { standIn?: unknown } | null)?.standIn === 'close';
  window.addEventListener('message', ({ source, ports }) => {
    if (source !== window) return;
    for (const port of ports) {
      const close = port.close.bind(port);
      port.close = () => {
        port.postMessage(closing);
        close();
      };
      port.addEventListener('message', (event) => {
        if (!isClosing(event.data)) return;
        event.stopImmediatePropagation();
        port.dispatchEvent(new Event('close'));
      });
    }
  });
  const caller =
    (key: string, name: string) =>
    (...args: unknown[]): Promise<unknown> =>
      new Promise((resolve, reject) => {
        lastId += 1;
        waiting.set(lastId, { resolve, reject });
        const detail = JSON.stringify({ key, name, id: lastId, args });
        window.dispatchEvent(new CustomEvent('stand-in:to-preload', { detail }));
      });
}

/** The isolated world: the sandboxed preload's `require('electron')`, and the page's end of every port. */
export function runInIsolatedWorld(
  preload: (require: (name: string) => unknown, module: { exports: unknown }, exports: unknown) => void,
): void {
  const world = globalThis as unknown as Record<string, (text: string) => void>;
  const sendText = world['standInSend'];
  if (!sendText || window !== window.top) return;
  const send = (message: FromPage): void => sendText(JSON.stringify(message));
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  const listeners = new Map<string, ((event: unknown, ...args: unknown[]) => void)[]>();
  const ports = new Map<number, MessagePort>();
  const exposed = new Map<string, Record<string, (...args: unknown[]) => Promise<unknown>>>();
  let lastId = 0;

  const bytesOf = (base64: string): Uint8Array => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  const base64Of = (bytes: Uint8Array): string => {
    let text = '';
    for (const byte of bytes) text += String.fromCharCode(byte);
    return btoa(text);
  };
  const pack = (data: unknown): Portable => {
    if (typeof data === 'string') return { text: data };
    if (data instanceof Uint8Array) return { base64: base64Of(data) };
    if (data instanceof ArrayBuffer) return { base64: base64Of(new Uint8Array(data)) };
    return { json: data };
  };
  const unpack = (data: Portable): unknown => {
    if ('text' in data) return data.text;
    return 'base64' in data ? bytesOf(data.base64) : data.json;
  };

  function openPort(id: number): MessagePort {
    const { port1, port2 } = new MessageChannel();
    ports.set(id, port2);
    port2.addEventListener('message', ({ data }) => {
      send(data?.standIn === 'close' ? { op: 'port-close', id } : { op: 'port', id, data: pack(data) });
    });
    port2.start();
    return port1;
  }

  function receive(message: ToPage): void {
    if (message.op === 'answer') {
      const call = waiting.get(message.id);
      waiting.delete(message.id);
      if (message.error === undefined) call?.resolve(message.value);
      else call?.reject(new Error(message.error));
    } else if (message.op === 'message') {
      const event = { ports: message.ports.map(openPort) };
      for (const listener of listeners.get(message.channel) ?? []) listener(event, ...message.args);
    } else if (message.op === 'port') ports.get(message.id)?.postMessage(unpack(message.data));
    else ports.get(message.id)?.postMessage({ standIn: 'close' });
  }
  world['standInReceive'] = (text) => receive(JSON.parse(text));

  const toPage = (message: object): void => {
    window.dispatchEvent(new CustomEvent('stand-in:to-page', { detail: JSON.stringify(message) }));
  };
  window.addEventListener(
    'stand-in:to-preload',
    (event) => {
      event.stopImmediatePropagation();
      const { key, name, id, args } = JSON.parse((event as CustomEvent<string>).detail);
      const called = exposed.get(key)?.[name]?.(...args) ?? Promise.reject(new Error('not exposed'));
      called.then(
        (value) => toPage({ op: 'answer', id, value }),
        (error: unknown) => toPage({ op: 'answer', id, error: error instanceof Error ? error.message : String(error) }),
      );
    },
    true,
  );

  const electron = {
    contextBridge: {
      exposeInMainWorld(key: string, api: Record<string, (...args: unknown[]) => Promise<unknown>>) {
        if (exposed.has(key)) throw new Error(`${key} is exposed already`);
        if (Object.values(api).some((value) => typeof value !== 'function')) {
          throw new Error('the stand-in exposes only functions that answer a promise');
        }
        exposed.set(key, api);
        toPage({ op: 'expose', key, names: Object.keys(api) });
      },
    },
    ipcRenderer: {
      on(channel: string, listener: (event: unknown, ...args: unknown[]) => void) {
        listeners.set(channel, [...(listeners.get(channel) ?? []), listener]);
      },
      invoke: (channel: string, ...args: unknown[]) =>
        new Promise((resolve, reject) => {
          lastId += 1;
          waiting.set(lastId, { resolve, reject });
          send({ op: 'invoke', id: lastId, channel, args });
        }),
    },
  };
  const module = { exports: {} };
  try {
    preload(
      (name) => {
        if (name === 'electron') return electron;
        throw new Error(`a sandboxed preload cannot load ${name}`);
      },
      module,
      module.exports,
    );
  } catch (error) {
    send({ op: 'preload-error', text: String(error) });
  }
}
