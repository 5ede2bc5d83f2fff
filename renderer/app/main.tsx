import '@fontsource/noto-sans/latin-400.css';
import '@fontsource/noto-sans/latin-700.css';
import '../ui/tokens.css';
import '../ui/base.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import type { GridpactBridge } from '#api/bridge.ts';
import { App } from './app.tsx';
import { createConsole } from './console-context.tsx';
import { activateLanguage, firstLanguage } from './language.ts';
import { createReconnectingLink, type OpenChannel } from './link.ts';
import { isPaired, pair, takeCodeFromAddress } from './pairing.ts';
import { openPortChannel } from './port-channel.ts';
import { openSocketChannel } from './socket-channel.ts';
import { startTheme } from './theme.ts';

declare global {
  interface Window {
    readonly gridpact?: GridpactBridge;
  }
}

/** The desktop shell hands over a port; a browser opens a socket to the gateway that served this page. */
function chooseChannel(): OpenChannel {
  const bridge = window.gridpact;
  if (bridge) return () => openPortChannel(bridge);
  const url = `${location.origin.replace(/^http/, 'ws')}/rpc`;
  return () => openSocketChannel({ url, isPaired });
}

async function start(): Promise<void> {
  const root = document.getElementById('root');
  if (!root) throw new Error('index.html has no #root');
  startTheme();
  const code = takeCodeFromAddress();
  await Promise.all([activateLanguage(firstLanguage()), code ? pair(code) : undefined]);
  const link = createReconnectingLink(chooseChannel());
  window.addEventListener('online', link.retryNow);
  createRoot(root).render(
    <StrictMode>
      <App console={createConsole(link)} />
    </StrictMode>,
  );
}

void start();
