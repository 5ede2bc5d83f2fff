import { createRequire } from 'node:module';

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/** Path of a Foundry program that npm brought for a platform; undefined where it brought none. */
export function findFoundryBinary(
  program: 'anvil' | 'forge',
  platform: string = process.platform,
  arch: string = process.arch,
): string | undefined {
  const file = platform === 'win32' ? `${program}.exe` : program;
  try {
    const path = createRequire(import.meta.url).resolve(
      `@foundry-rs/${program}-${platform}-${ARCHITECTURES[arch] ?? arch}/bin/${file}`,
    );
    // A packed Electron app cannot execute from inside its archive.
    return path.replace('app.asar', 'app.asar.unpacked');
  } catch {
    return undefined;
  }
}
