import { randomInt } from 'node:crypto';
import { mkdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { systemClock } from '#core/ports/clock.ts';
import { type AnvilProcess, startAnvil } from './anvil-process.ts';
import { writeDurably } from './durable-file.ts';
import { createJsonRpc, type JsonRpc, quantity, toQuantity } from './json-rpc.ts';

/** The village's own chain on this computer: anvil on a loopback port, its state in a directory. */
export interface EmbeddedChain {
  readonly rpc: JsonRpc;
  stop(): Promise<void>;
}

const CHAIN_ID = 31_337;
const HARDFORK = 'prague';
const STATE_EVERY_S = 1;
/** 2020-01-01 to 2024-01-01: before any batch, so that a chain rebuilt from nothing can settle them all again. */
const GENESIS_EARLIEST_S = 1_577_836_800;
const GENESIS_LATEST_S = 1_704_067_200;
/** Enough for any number of batches; gas on this chain costs nobody anything. */
const FUNDS_WEI = 10n ** 27n;

const settingsSchema = z.object({ chainId: z.number().int(), genesisS: z.number().int() });
type Settings = z.infer<typeof settingsSchema>;
const headSchema = z.object({ timestamp: quantity });

const readText = (path: string): Promise<string | undefined> => readFile(path, 'utf8').catch(() => undefined);

/** The parameters that fix the genesis hash; the random time tells one village's chain from another's. */
async function loadSettings(path: string): Promise<Settings> {
  const text = await readText(path);
  if (text !== undefined) return settingsSchema.parse(JSON.parse(text));
  const settings = { chainId: CHAIN_ID, genesisS: randomInt(GENESIS_EARLIEST_S, GENESIS_LATEST_S) };
  await writeDurably(path, JSON.stringify(settings));
  return settings;
}

/** anvil writes its state in place, so a power cut can tear it. Without it the chain starts empty and is replayed from the queue. */
async function setTornStateAside(path: string): Promise<void> {
  const text = await readText(path);
  if (text === undefined) return;
  try {
    JSON.parse(text);
  } catch {
    await rename(path, `${path}.torn`);
  }
}

/** With its genesis in the past anvil's clock starts there too; a computer whose clock went back must not go behind the head. */
async function setClockAndFunds(rpc: JsonRpc, address: string): Promise<void> {
  const head = await rpc.ask(headSchema, 'eth_getBlockByNumber', ['latest', false]);
  const nowS = Math.floor(systemClock.now() / 1000);
  await rpc.call('evm_setTime', [Math.max(nowS, Number(head.timestamp))]);
  await rpc.call('anvil_setBalance', [address, toQuantity(FUNDS_WEI)]);
}

/**
 * A chain that starts on first use and again after a crash of its own.
 * @param submitter the account whose gas it pays
 * @throws AppError CHAIN_UNAVAILABLE (no anvil here), CHAIN_BUSY (another process uses this directory)
 */
export function createEmbeddedChain(dir: string, submitter: string): EmbeddedChain {
  let starting: Promise<AnvilProcess> | undefined;
  let running: AnvilProcess | undefined;

  async function start(): Promise<AnvilProcess> {
    await mkdir(dir, { recursive: true });
    const settings = await loadSettings(join(dir, 'chain.json'));
    const state = join(dir, 'anvil-state.json');
    await setTornStateAside(state);
    const anvil = await startAnvil(
      [
        ['--host', '127.0.0.1', '--port', '0', '--no-cors', '--accounts', '0', '--hardfork', HARDFORK],
        ['--chain-id', String(settings.chainId), '--timestamp', String(settings.genesisS)],
        ['--block-base-fee-per-gas', '0', '--disable-min-priority-fee'],
        ['--state', state, '--state-interval', String(STATE_EVERY_S)],
      ].flat(),
      join(dir, 'anvil.pid'),
    );
    try {
      await setClockAndFunds(
        createJsonRpc(() => Promise.resolve(anvil.url)),
        submitter,
      );
    } catch (error) {
      await anvil.stop();
      throw error;
    }
    return anvil;
  }

  async function ensureRunning(): Promise<string> {
    if (running?.exited) [running, starting] = [undefined, undefined];
    starting ??= start().catch((error: unknown) => {
      starting = undefined;
      throw error;
    });
    running = await starting;
    return running.url;
  }

  return {
    rpc: createJsonRpc(ensureRunning),
    async stop() {
      const anvil = await starting?.catch(() => undefined);
      [running, starting] = [undefined, undefined];
      await anvil?.stop();
    },
  };
}
