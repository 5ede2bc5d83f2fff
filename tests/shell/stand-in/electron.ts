// What `import ... from 'electron'` resolves to in the shell under test. Not Electron: see README.md.
import { EventEmitter } from 'node:events';
import { startBrowser, stopBrowser } from './browser.ts';
import { preventable } from './preventable.ts';
import { wouldGrant } from './session.ts';
import { type ShellQuestion, tell } from './tell.ts';
import { utilityPids } from './utility-process.ts';
import { WebContents, type WebPreferences } from './web-contents.ts';

export { ipcMain } from './ipc-main.ts';
export { MessageChannelMain } from './message-ports.ts';
export { protocol } from './protocol.ts';
export { utilityProcess } from './utility-process.ts';

class App extends EventEmitter {
  #quitting = false;

  whenReady(): Promise<void> {
    return startBrowser().then(() => undefined);
  }
  requestSingleInstanceLock(): boolean {
    return true;
  }
  setPath(): void {}

  quit(): void {
    const event = preventable({});
    this.emit('before-quit', event);
    if (!event.defaultPrevented) this.exit(0);
  }
  exit(code = 0): void {
    if (this.#quitting) return;
    this.#quitting = true;
    void stopBrowser().finally(() => process.exit(code));
  }
}
export const app = new App();

export class BrowserWindow extends EventEmitter {
  readonly webContents: WebContents;

  constructor(options: { readonly webPreferences: WebPreferences }) {
    super();
    this.webContents = new WebContents(options.webPreferences);
    this.webContents.once('dom-ready', () => this.emit('ready-to-show'));
    answerQuestions(this.webContents);
  }
  async loadURL(url: string): Promise<void> {
    await this.webContents.loadURL(url);
    tell({ event: 'loaded' });
  }
  show(): void {}
  focus(): void {}
  isMinimized(): boolean {
    return false;
  }
}

export const dialog = {
  showMessageBox({ message, detail }: { message: string; detail?: string }): Promise<{ response: number }> {
    tell({ event: 'dialog', kind: 'message', text: `${message} ${detail ?? ''}`.trim() });
    return Promise.resolve({ response: 0 });
  },
  showErrorBox(title: string, content: string): void {
    tell({ event: 'dialog', kind: 'error', text: `${title}: ${content}` });
  },
};

export const safeStorage = {
  isEncryptionAvailable: (): boolean => false,
};

function answerQuestions(contents: WebContents): void {
  process.on('message', (question: ShellQuestion) => {
    answer(question, contents).then(
      (value) => tell({ event: 'answer', id: question.id, value }),
      (error: unknown) => tell({ event: 'answer', id: question.id, error: String(error) }),
    );
  });
}

async function answer(question: ShellQuestion, contents: WebContents): Promise<unknown> {
  switch (question.ask) {
    case 'evaluate':
      return await contents.evaluate(question.expression);
    case 'url':
      return contents.getURL();
    case 'core-pids':
      return utilityPids();
    case 'would-grant':
      return wouldGrant(question.permission, question.media);
    case 'quit':
      app.quit();
      return undefined;
  }
}

// the test that started this shell is gone
process.on('disconnect', () => app.exit(1));
