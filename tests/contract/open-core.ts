import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createChainHost } from '#contracts/start-chain-host.ts';
import type { Core } from '#core/core.ts';
import { systemClock } from '#core/ports/clock.ts';
import { startCore } from '#core/start-core.ts';
import { startPlant } from '#main/start-plant.ts';
import { createModbusDriver } from '#meter-drivers/modbus-driver.ts';
import { startVillageNode } from '#p2p/start-village-node.ts';

export interface OpenedCore {
  readonly core: Core;
  /** What the core wrote to its log. */
  readonly logged: readonly string[];
  close(): Promise<void>;
}

/** Words of a defect that must never reach a window. */
export const SECRET = 'secret of the keystore of Asha';
/** A meter at this address makes the driver fail in a way nobody declared. */
export const CURSED_HOST = 'cursed.invalid';

/** The real core with its real adapters in a folder of its own. Only the driver has a planted defect at one address. */
export async function openCore(): Promise<OpenedCore> {
  const dir = mkdtempSync(join(tmpdir(), 'contract-'));
  const logged: string[] = [];
  const driver = createModbusDriver();
  const core = await startCore({
    dir,
    host: 'gateway',
    version: '0.0.0-test',
    clock: systemClock,
    startNode: startVillageNode,
    createChainHost,
    driver: {
      models: () => driver.models(),
      open(address, signal) {
        if (address.host === CURSED_HOST) throw new Error(SECRET);
        return driver.open(address, signal);
      },
    },
    startPlant,
    listen: ['/ip4/127.0.0.1/tcp/0'],
    mdns: false,
    autoPoll: false,
    log: (line) => logged.push(line),
  });
  return {
    core,
    logged,
    async close() {
      await core.stop();
      rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
