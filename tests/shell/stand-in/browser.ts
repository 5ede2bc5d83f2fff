import { Chromium } from './chromium.ts';

let started: Promise<Chromium> | undefined;

/** The one Chromium behind every window of this shell. */
export function startBrowser(): Promise<Chromium> {
  started ??= (async () => {
    const chromium = new Chromium(process.env['GRIDPACT_CHROMIUM'] ?? 'chromium');
    await chromium.send('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: true, flatten: true });
    return chromium;
  })();
  return started;
}

export async function stopBrowser(): Promise<void> {
  await (await started)?.stop();
}
