import { join } from 'node:path';
import { app, type BrowserWindow, dialog, ipcMain, MessageChannelMain, safeStorage } from 'electron';
import { AppError } from '#core/ports/errors.ts';
import { loadAssets } from '#main/assets.ts';
import { defaultDataDir } from '#main/data-dir.ts';
import { findRendererRoot } from '#main/renderer-root.ts';
import { CONNECT_CHANNEL, PORT_CHANNEL } from './channels.ts';
import { declareConsoleProtocol, serveConsole } from './console-protocol.ts';
import { isConsole, openConsoleWindow } from './console-window.ts';
import { type CoreHost, startCoreHost } from './core-host.ts';
import { openDataKey } from './data-key.ts';

const here = import.meta.dirname;
const dataDir = defaultDataDir();
let window: BrowserWindow | undefined;
let core: CoreHost | undefined;
let crashes = 0;

app.setPath('userData', join(dataDir, 'window'));
declareConsoleProtocol();
if (app.requestSingleInstanceLock()) {
  app.on('second-instance', showWindow);
  app.on('window-all-closed', () => app.quit());
  app.on('before-quit', quitAfterCore);
  ipcMain.handle(CONNECT_CHANNEL, (event) => {
    const frame = event.senderFrame;
    if (!frame || frame.parent || !isConsole(frame.url)) throw new Error('this page may not reach the core');
    if (!core) throw new Error('the core is not running');
    const { port1, port2 } = new MessageChannelMain();
    core.connect(port1);
    event.sender.postMessage(PORT_CHANNEL, null, [port2]);
  });
  void app.whenReady().then(open).catch(giveUp);
} else app.quit();

async function open(): Promise<void> {
  serveConsole(loadAssets(findRendererRoot(here)));
  core = await startCore();
  window = await openConsoleWindow({ preload: join(here, '../preload/preload.cjs') });
}

function startCore(): Promise<CoreHost> {
  return startCoreHost({
    modulePath: join(here, 'core-process.js'),
    dataDir,
    passphrase: openDataKey(dataDir, safeStorage),
    onCrash: () => void restartCore().catch(giveUp),
  });
}

/** Once: a core that keeps falling over needs a person, not another try. */
async function restartCore(): Promise<void> {
  core = undefined;
  crashes += 1;
  if (crashes > 1) throw new AppError('INTERNAL', 'The core of this console stopped twice. What was stored is kept.');
  await dialog.showMessageBox({
    type: 'warning',
    message: 'The core of this console stopped unexpectedly.',
    detail: 'Everything that was stored is still there. The core starts again now.',
    buttons: ['Start again'],
  });
  core = await startCore();
}

function showWindow(): void {
  if (window?.isMinimized()) window.restore();
  window?.focus();
}

function quitAfterCore(event: { preventDefault(): void }): void {
  if (!core) return;
  event.preventDefault();
  const stopping = core;
  core = undefined;
  void stopping.stop().finally(() => app.quit());
}

function giveUp(error: unknown): void {
  dialog.showErrorBox('Gridpact cannot go on', error instanceof Error ? error.message : String(error));
  app.exit(1);
}
