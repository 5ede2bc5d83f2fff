import { join } from 'node:path';
import { systemClock } from '#core/ports/clock.ts';
import { AppError } from '#core/ports/errors.ts';
import { defaultDataDir } from '#main/data-dir.ts';
import { createPairing } from '#main/gateway/pairing.ts';
import { findRunning } from '#main/gateway/running.ts';
import { type CommandCall, readText } from './command.ts';
import { formatPairing } from './pairing-text.ts';

export async function runPair({ values, io }: CommandCall): Promise<number> {
  const dataDir = readText(values, 'data') ?? defaultDataDir();
  const gatewayDir = join(dataDir, 'gateway');
  const running = findRunning(gatewayDir);
  if (!running) {
    throw new AppError('NOT_FOUND', `No gateway runs on ${dataDir}. Start one with gridpact gateway.`);
  }
  const kind = values['viewer'] === true ? 'viewer' : 'operator';
  const { code, expiresAtMs } = createPairing({ dataDir: gatewayDir, clock: systemClock }).issue(kind);
  io.print(formatPairing({ url: running.url, code, link: `${running.url}#pair=${code}`, expiresAtMs }));
  return 0;
}
