import { BrowserWindow, type Session } from 'electron';
import { CONSOLE_URL } from './console-protocol.ts';

/** The page may copy text, and look through the camera for codes on another screen; it never hears. */
const COPYING = 'clipboard-sanitized-write';

/** The console's window: sandboxed, and unable to go anywhere but to the console itself. */
export async function openConsoleWindow({ preload }: { preload: string }): Promise<BrowserWindow> {
  const window = new BrowserWindow({
    title: 'Gridpact',
    width: 1280,
    height: 860,
    minWidth: 400,
    minHeight: 480,
    show: false,
    webPreferences: {
      preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webviewTag: false,
      // its dictionaries would be fetched from the internet
      spellcheck: false,
    },
  });
  const { webContents } = window;
  denyPermissions(webContents.session);
  webContents.setWindowOpenHandler(() => ({ action: 'deny' }));
  webContents.on('will-navigate', (event) => {
    if (!isConsole(event.url)) event.preventDefault();
  });
  webContents.on('will-attach-webview', (event) => event.preventDefault());
  window.once('ready-to-show', () => window.show());
  await window.loadURL(CONSOLE_URL);
  return window;
}

export function isConsole(url: string): boolean {
  return url === CONSOLE_URL || url.startsWith(`${CONSOLE_URL}#`);
}

function denyPermissions(session: Session): void {
  session.setPermissionRequestHandler((_contents, permission, answer, details) => {
    const asked = 'mediaTypes' in details ? details.mediaTypes : undefined;
    answer(permission === COPYING || (permission === 'media' && asked?.length === 1 && asked[0] === 'video'));
  });
  session.setPermissionCheckHandler(
    (_contents, permission, _origin, { mediaType }) =>
      permission === COPYING || (permission === 'media' && mediaType === 'video'),
  );
  session.setDevicePermissionHandler(() => false);
}
