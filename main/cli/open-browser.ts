import { spawn } from 'node:child_process';

/** Opens a link in the person's browser where there is a screen; resolves to whether that was tried. */
export function openBrowser(url: string, env: NodeJS.ProcessEnv = process.env): boolean {
  const command = browserCommand(process.platform, env);
  if (!command) return false;
  const [file, ...args] = command;
  const child = spawn(file, [...args, url], { stdio: 'ignore', detached: true });
  // the link is printed anyway
  child.on('error', () => undefined);
  child.unref();
  return true;
}

export function browserCommand(platform: NodeJS.Platform, env: NodeJS.ProcessEnv): [string, ...string[]] | undefined {
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler'];
  if (platform === 'darwin') return ['open'];
  return env['DISPLAY'] || env['WAYLAND_DISPLAY'] ? ['xdg-open'] : undefined;
}
