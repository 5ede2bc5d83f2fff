import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { getAddress, getCreateAddress, type Wallet } from 'ethers';
import * as z from 'zod';
import { AppError } from '#core/ports/errors.ts';
import type { ChainHost, PinnedChain } from '#core/ports/settlement-chain.ts';
import { createEmbeddedChain } from './embedded-chain.ts';
import { createJsonRpc, hash32, hexBytes, type JsonRpc, quantity, toQuantity } from './json-rpc.ts';
import { encodeDeployment, type LedgerTerms, readLedger } from './ledger-calls.ts';
import { createLedgerChain, type LedgerChain } from './ledger-chain.ts';
import { createSubmitter } from './submitter.ts';
import { createFileKeyStore, loadSubmitter, type SubmitterKeyStore } from './submitter-key.ts';
import { openTransactionQueue, type TransactionQueue } from './transaction-queue.ts';

export interface ChainHostOptions {
  /** Where chain state, the submitter's key and its queue live; one directory a village. */
  readonly dir: string;
  /** A JSON-RPC chain instead of the embedded one. */
  readonly rpcUrl?: string;
  /** Where the submitter's key lies; a file in `dir` when not given. */
  readonly keyStore?: SubmitterKeyStore;
}
export interface LedgerChainHost extends ChainHost {
  open(options: Parameters<ChainHost['open']>[0]): Promise<LedgerChain>;
}

interface Connection {
  readonly rpc: JsonRpc;
  readonly wallet: Wallet;
  stop(): Promise<void>;
}

const PROBE_MS = 3000;
const AUTOMINE_POLL_MS = 25;
/** Twenty of these, after which fees are bumped, are three blocks of the slower chains. */
const POLL_MS = 2000;
const genesisSchema = z.object({ hash: hash32 });

async function connect(options: ChainHostOptions): Promise<Connection> {
  await mkdir(options.dir, { recursive: true, mode: 0o700 });
  const wallet = await loadSubmitter(options.keyStore ?? createFileKeyStore(options.dir));
  const { rpcUrl } = options;
  if (rpcUrl === undefined) return { ...createEmbeddedChain(options.dir, wallet.address), wallet };
  const getUrl = () => Promise.resolve(rpcUrl);
  await createJsonRpc(getUrl, PROBE_MS).call('eth_chainId', []);
  return { rpc: createJsonRpc(getUrl), wallet, stop: () => Promise.resolve() };
}

async function readIdentity(rpc: JsonRpc): Promise<{ readonly chainId: number; readonly genesis: string }> {
  const chainId = Number(await rpc.ask(quantity, 'eth_chainId', []));
  const { hash } = await rpc.ask(genesisSchema, 'eth_getBlockByNumber', [toQuantity(0), false]);
  return { chainId, genesis: hash.toLowerCase() };
}

function mismatch(what: string, found: string, pinned: string): AppError {
  return new AppError(
    'CHAIN_MISMATCH',
    `This is not the village's chain: its ${what} is ${found}, the founding document says ${pinned}. Check the chain address in the settings.`,
    { data: { what, found, pinned } },
  );
}

async function requireIdentity(rpc: JsonRpc, pinned: PinnedChain): Promise<void> {
  const found = await readIdentity(rpc);
  if (found.chainId !== pinned.chainId) throw mismatch('chain id', String(found.chainId), String(pinned.chainId));
  if (found.genesis !== pinned.genesis.toLowerCase()) throw mismatch('genesis', found.genesis, pinned.genesis);
}

const hasCode = async (rpc: JsonRpc, address: string, signal?: AbortSignal): Promise<boolean> =>
  (await rpc.ask(hexBytes, 'eth_getCode', [address, 'latest'], signal)).length > 2;

const ownLedger = (wallet: Wallet): string => getCreateAddress({ from: wallet.address, nonce: 0 });

const ascending = (addresses: readonly string[]): string[] =>
  addresses.map((a) => getAddress(a)).sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));

async function openLedger(
  { rpc, wallet }: Connection,
  queue: TransactionQueue,
  { pinned, terms, embedded }: { pinned: PinnedChain; terms: LedgerTerms; embedded: boolean },
): Promise<LedgerChain> {
  const submitter = createSubmitter({
    rpc,
    wallet,
    queue,
    chainId: pinned.chainId,
    automine: embedded,
    pollMs: embedded ? AUTOMINE_POLL_MS : POLL_MS,
  });
  if (embedded) await submitter.replay();
  if (!(await hasCode(rpc, pinned.ledger))) {
    if (ownLedger(wallet) !== pinned.ledger) throw mismatch('ledger', 'missing', pinned.ledger);
    await submitter.perform({
      digest: 'deployment',
      to: null,
      data: encodeDeployment({ ...terms, operators: ascending(terms.operators) }),
      isDone: (signal) => hasCode(rpc, pinned.ledger, signal),
    });
  }
  const village = await readLedger(rpc, pinned.ledger, hash32, 'village');
  if (village !== terms.village.toLowerCase()) throw mismatch("ledger's village", village, terms.village);
  return createLedgerChain({
    pinned,
    rpc,
    submitter,
    finality: embedded ? 'at-once' : 'finalized',
    stop: () => {
      queue.close();
      return Promise.resolve();
    },
  });
}

/**
 * A chain for one village: the embedded one (anvil, state and blocks in `dir`), or any JSON-RPC chain.
 * Errors beside those of the port: CHAIN_UNAVAILABLE (no embedded chain on this platform), CHAIN_BUSY (another process has it).
 */
export function createChainHost(options: ChainHostOptions): LedgerChainHost {
  let connecting: Promise<Connection> | undefined;
  const connected = (): Promise<Connection> => {
    connecting ??= connect(options).catch((error: unknown) => {
      connecting = undefined;
      throw error;
    });
    return connecting;
  };
  return {
    async prepare() {
      const { rpc, wallet } = await connected();
      return { ...(await readIdentity(rpc)), ledger: ownLedger(wallet) };
    },
    async open({ pinned, ...terms }) {
      const connection = await connected();
      await requireIdentity(connection.rpc, pinned);
      const queue = openTransactionQueue(join(options.dir, 'transactions.sqlite'), pinned.genesis);
      try {
        const normal = { ...pinned, ledger: getAddress(pinned.ledger) };
        return await openLedger(connection, queue, { pinned: normal, terms, embedded: options.rpcUrl === undefined });
      } catch (error) {
        queue.close();
        throw error;
      }
    },
    async stop() {
      const connection = await connecting?.catch(() => undefined);
      connecting = undefined;
      await connection?.stop();
    },
  };
}
