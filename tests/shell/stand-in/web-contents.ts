import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { startBrowser } from './browser.ts';
import type { CdpParams, Chromium } from './chromium.ts';
import { ipcMain } from './ipc-main.ts';
import { type PortMain, TransferredPorts } from './message-ports.ts';
import {
  BINDING,
  type FromPage,
  ISOLATED_WORLD,
  RECEIVE,
  runInIsolatedWorld,
  runInMainWorld,
  type ToPage,
} from './page-worlds.ts';
import { preventable } from './preventable.ts';
import { answerPaused, toReal, toShown } from './protocol.ts';
import { defaultSession } from './session.ts';
import { tell } from './tell.ts';

export interface WebPreferences {
  readonly preload?: string;
  readonly sandbox?: boolean;
  readonly contextIsolation?: boolean;
  readonly nodeIntegration?: boolean;
}
type OpenHandler = (details: { readonly url: string }) => { readonly action: 'allow' | 'deny' };

/** One page in Chromium with its preload in an isolated world. */
export class WebContents extends EventEmitter {
  readonly session = defaultSession;
  readonly #ready: Promise<void>;
  readonly #preload: string;
  readonly #ports = new TransferredPorts({
    deliver: (id, data) => this.#deliver({ op: 'port', id, data }),
    close: (id) => this.#deliver({ op: 'port-close', id }),
  });
  #chromium!: Chromium;
  #target = '';
  #sessionId = '';
  #frame = '';
  #preloadContext: number | undefined;
  #url = '';
  #ownNavigation = '';
  #openHandler: OpenHandler = () => ({ action: 'allow' });

  constructor(preferences: WebPreferences) {
    super();
    const { sandbox, contextIsolation, nodeIntegration, preload = '' } = preferences;
    if (sandbox !== true || contextIsolation !== true || nodeIntegration !== false) {
      throw new Error('the stand-in opens no window without sandbox and contextIsolation, or with nodeIntegration');
    }
    this.#preload = preload;
    this.#ready = this.#open();
  }

  setWindowOpenHandler(handler: OpenHandler): void {
    this.#openHandler = handler;
  }

  async loadURL(url: string): Promise<void> {
    await this.#ready;
    this.#ownNavigation = toShown(url);
    const loaded = new Promise<void>((resolve) => this.once('did-finish-load', () => resolve()));
    const { errorText } = await this.#send('Page.navigate', { url: toShown(url) });
    if (typeof errorText === 'string') throw new Error(`${errorText} loading ${url}`);
    await loaded;
  }

  postMessage(channel: string, message: unknown, ports: readonly PortMain[] = []): void {
    // the page makes its ends first: what they carry comes after
    this.#deliver({ op: 'message', channel, args: [message], ports: ports.map(({ id }) => id) });
    this.#ports.hand(ports);
  }

  getURL(): string {
    return toReal(this.#url);
  }

  async evaluate(expression: string): Promise<unknown> {
    const how = { awaitPromise: true, returnByValue: true, userGesture: true };
    const answer = await this.#send('Runtime.evaluate', { expression, ...how });
    const { result, exceptionDetails } = answer as {
      result: { value?: unknown };
      exceptionDetails?: { text: string; exception?: { description?: string } };
    };
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  async destroy(): Promise<void> {
    this.#ports.closeAll();
    await this.#chromium.send('Target.closeTarget', { targetId: this.#target });
  }

  async #open(): Promise<void> {
    this.#chromium = await startBrowser();
    const attached = new Promise<string>((resolve) => {
      this.#chromium.on('browser', (method: string, params: CdpParams) => {
        const info = params['targetInfo'] as { targetId: string; openerId?: string; url: string } | undefined;
        if (method !== 'Target.attachedToTarget' || !info) return;
        const sessionId = String(params['sessionId']);
        if (info.openerId !== undefined) void this.#popup(info.targetId, sessionId);
        else if (info.targetId === this.#target) resolve(sessionId);
        else sessions.set(info.targetId, sessionId);
      });
    });
    const sessions = new Map<string, string>();
    const { targetId } = await this.#chromium.send('Target.createTarget', { url: 'about:blank', newWindow: true });
    this.#target = String(targetId);
    this.#sessionId = sessions.get(this.#target) ?? (await attached);
    this.#chromium.on(this.#sessionId, (method: string, params: CdpParams) => void this.#event(method, params));
    await this.#prepare();
  }

  async #prepare(): Promise<void> {
    await Promise.all([
      this.#send('Page.enable'),
      this.#send('Runtime.enable'),
      this.#send('Runtime.addBinding', { name: BINDING, executionContextName: ISOLATED_WORLD }),
      this.#send('Fetch.enable', { patterns: [{ urlPattern: '*' }] }),
    ]);
    const preload = this.#preload ? readFileSync(this.#preload, 'utf8') : '';
    await this.#send('Page.addScriptToEvaluateOnNewDocument', { source: `(${runInMainWorld.toString()})()` });
    await this.#send('Page.addScriptToEvaluateOnNewDocument', {
      worldName: ISOLATED_WORLD,
      source: `(${runInIsolatedWorld.toString()})(function (require, module, exports) {\n${preload}\n})`,
    });
    await this.#send('Runtime.runIfWaitingForDebugger');
    const { frameTree } = (await this.#send('Page.getFrameTree')) as { frameTree: { frame: { id: string } } };
    this.#frame = frameTree.frame.id;
  }

  async #event(method: string, params: CdpParams): Promise<void> {
    switch (method) {
      case 'Runtime.executionContextCreated': {
        const { context } = params as { context: { id: number; name: string; auxData: { frameId: string } } };
        const ours = context.name === ISOLATED_WORLD && context.auxData.frameId === this.#frame;
        if (ours) this.#preloadContext = context.id;
        break;
      }
      case 'Page.frameNavigated': {
        const { frame } = params as { frame: { url: string; parentId?: string } };
        if (frame.parentId === undefined) this.#navigated(frame.url);
        break;
      }
      case 'Page.windowOpen': {
        const url = toReal(String(params['url']));
        tell({ event: 'window-open', url, denied: this.#openHandler({ url }).action === 'deny' });
        break;
      }
      case 'Page.loadEventFired':
        this.emit('dom-ready');
        this.emit('did-finish-load');
        break;
      case 'Fetch.requestPaused':
        await this.#paused(params as unknown as PausedRequest);
        break;
      case 'Runtime.bindingCalled':
        if (params['name'] === BINDING && params['executionContextId'] === this.#preloadContext) {
          await this.#received(JSON.parse(String(params['payload'])));
        }
        break;
      case 'Runtime.exceptionThrown':
        tell({ event: 'page-error', text: JSON.stringify(params['exceptionDetails']) });
        break;
      case 'Runtime.consoleAPICalled':
        if (params['type'] === 'error') tell({ event: 'page-error', text: JSON.stringify(params['args']) });
        break;
    }
  }

  #navigated(url: string): void {
    this.#url = url;
    // the old document is gone, and its ends of all channels with it
    this.#ports.closeAll();
  }

  async #paused({ requestId, frameId, resourceType, request }: PausedRequest): Promise<void> {
    if (resourceType === 'Document' && frameId === this.#frame && request.url !== this.#ownNavigation) {
      const event = preventable({ url: toReal(request.url) });
      this.emit('will-navigate', event, event.url);
      tell({ event: 'navigation', url: event.url, denied: event.defaultPrevented });
      if (event.defaultPrevented) {
        await this.#send('Fetch.failRequest', { requestId, errorReason: 'Aborted' });
        return;
      }
    }
    const answer = await answerPaused(request.url, request.method);
    await this.#send(answer.method, { requestId, ...answer.params });
  }

  /** Every popup is closed before it can ask for anything; the opener waits until its first moment is over. */
  async #popup(targetId: string, sessionId: string): Promise<void> {
    await this.#chromium.send('Fetch.enable', { patterns: [{ urlPattern: '*' }] }, sessionId);
    await this.#chromium.send('Runtime.runIfWaitingForDebugger', {}, sessionId);
    await this.#chromium.send('Target.closeTarget', { targetId });
  }

  async #received(message: FromPage): Promise<void> {
    if (message.op === 'port') this.#ports.posted(message.id, message.data);
    else if (message.op === 'port-close') this.#ports.closed(message.id);
    else if (message.op === 'preload-error') tell({ event: 'page-error', text: message.text });
    else {
      const event = { sender: this, senderFrame: { url: this.getURL(), parent: null } };
      const { id, channel, args } = message;
      this.#deliver({ op: 'answer', id, ...(await ipcMain.answer(channel, event, args)) });
    }
  }

  #deliver(message: ToPage): void {
    const expression = `${RECEIVE}(${JSON.stringify(JSON.stringify(message))})`;
    // the page may be gone by now, which its ports learn another way
    this.#send('Runtime.evaluate', { contextId: this.#preloadContext, expression }).catch(() => undefined);
  }

  #send(method: string, params: CdpParams = {}): Promise<CdpParams> {
    return this.#chromium.send(method, params, this.#sessionId);
  }
}

interface PausedRequest {
  readonly requestId: string;
  readonly frameId: string;
  readonly resourceType: string;
  readonly request: { readonly url: string; readonly method: string };
}
