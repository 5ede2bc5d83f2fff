import { once } from 'node:events';
import { Socket } from 'node:net';
import type modbusSerial from 'modbus-serial';
import { AppError } from '#core/ports/errors.ts';
import { explainConnectError, explainRequestError, isTimeout, silentMeter } from './modbus-errors.ts';
import type { RegisterSpan } from './register-block.ts';

/** One user's hold on the shared TCP connection to a Modbus gateway. */
interface ModbusLine {
  /** Reads one run of registers of one unit. Requests of all users of the line go out one at a time. */
  read(unit: number, span: RegisterSpan, signal?: AbortSignal): Promise<readonly number[]>;
  /** Lets go; the last one to let go closes the connection. */
  release(): Promise<void>;
}

export interface ModbusLines {
  /** Joins the connection to host:port, making it if nobody has it. Throws METER_SILENT naming host:port. */
  acquire(host: string, port: number, signal?: AbortSignal): Promise<ModbusLine>;
}

type Client = InstanceType<typeof modbusSerial.default>;

/** Loaded when the first meter is: a console without one starts sooner. */
async function createClient(): Promise<Client> {
  const loaded = await import('modbus-serial');
  // A CommonJS package whose types promise a default export: under Node that is a property of the default import.
  return new loaded.default.default();
}

interface Wire {
  readonly socket: Socket;
  readonly client: Client;
}

/** A dead peer behind a live-looking connection shows as silence of every unit: drop it and connect again. */
const SILENT_REQUESTS_BEFORE_RECONNECT = 3;

class LineLost extends Error {}

async function connectWire(host: string, port: number, timeoutMs: number): Promise<Wire> {
  const client = await createClient();
  const socket = new Socket();
  socket.on('error', () => socket.destroy());
  try {
    socket.connect({ host, port });
    await once(socket, 'connect', { signal: AbortSignal.timeout(timeoutMs) });
  } catch (error) {
    socket.destroy();
    const timedOut = error instanceof Error && error.name === 'AbortError';
    throw explainConnectError(timedOut ? { code: 'ETIMEDOUT' } : error, host, port);
  }
  socket.setNoDelay(true);
  socket.setKeepAlive(true, 30_000);
  client.on('error', () => socket.destroy());
  await client.linkTCP(socket, { port });
  client.setTimeout(timeoutMs);
  return { socket, client };
}

function request(wire: Wire, unit: number, span: RegisterSpan): Promise<readonly number[]> {
  return new Promise((resolve, reject) => {
    const lost = (): void => reject(new LineLost('connection closed by the other side'));
    wire.socket.once('close', lost);
    const done = (error: Error | null, result: { data: number[] } | undefined): void => {
      wire.socket.off('close', lost);
      if (error || !result) reject(error ?? new Error('empty answer'));
      else resolve(result.data);
    };
    // The unit id goes with the request: setID would be shared by all units of the line.
    if (span.function === 3) wire.client.writeFC3(unit, span.address, span.words, done);
    else wire.client.writeFC4(unit, span.address, span.words, done);
  });
}

async function closeWire(wire: Wire): Promise<void> {
  wire.client.destroy(() => {});
  if (!wire.socket.closed) await once(wire.socket, 'close');
}

function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

interface SharedLine {
  connect(): Promise<void>;
  read(unit: number, span: RegisterSpan, signal?: AbortSignal): Promise<readonly number[]>;
  close(): Promise<void>;
}

function createSharedLine(host: string, port: number, timeoutMs: number): SharedLine {
  let wire: Wire | null = null;
  let closed = false;
  let silentInARow = 0;
  let tail: Promise<unknown> = Promise.resolve();

  const inTurn = <T>(job: () => Promise<T>): Promise<T> => {
    const result = tail.then(job);
    tail = result.catch(() => {});
    return result;
  };

  const dropWire = async (): Promise<void> => {
    const old = wire;
    wire = null;
    silentInARow = 0;
    if (old) await closeWire(old);
  };

  const openWire = async (): Promise<Wire> => {
    if (wire && !wire.socket.destroyed && wire.socket.readable) return wire;
    await dropWire();
    if (closed) throw new AppError('METER_SILENT', `The line to ${host}:${port} is closed.`, { data: { host, port } });
    wire = await connectWire(host, port, timeoutMs);
    return wire;
  };

  const requestOnce = async (unit: number, span: RegisterSpan): Promise<readonly number[]> => {
    const old = wire;
    const current = await openWire();
    try {
      return await request(current, unit, span);
    } catch (error) {
      // A gateway may drop an idle connection; the next request is the first to notice. Reads may be repeated.
      if (!(error instanceof LineLost) || current !== old) throw error;
      return await request(await openWire(), unit, span);
    }
  };

  const readNow = async (unit: number, span: RegisterSpan): Promise<readonly number[]> => {
    const place = { host, port, unit };
    try {
      const words = await requestOnce(unit, span);
      silentInARow = 0;
      return words;
    } catch (error) {
      if (error instanceof AppError) throw error;
      if (error instanceof LineLost) throw silentMeter(place, 'lost its connection', error);
      silentInARow = isTimeout(error) ? silentInARow + 1 : 0;
      const explained = explainRequestError(
        error,
        place,
        `registers ${span.address} to ${span.address + span.words - 1}, function ${span.function}`,
      );
      if (explained.code === 'METER_MISMATCH' || silentInARow >= SILENT_REQUESTS_BEFORE_RECONNECT) await dropWire();
      throw explained;
    }
  };

  return {
    connect: () => inTurn(async () => void (await openWire())),
    read: (unit, span, signal) =>
      untilAborted(
        inTurn(() => {
          signal?.throwIfAborted();
          return readNow(unit, span);
        }),
        signal,
      ),
    close: () => {
      closed = true;
      return inTurn(dropWire);
    },
  };
}

/** Connections to Modbus TCP gateways, one per host:port however many units are behind it. Times are milliseconds. */
export function createModbusLines(timeoutMs: number): ModbusLines {
  const shared = new Map<string, { line: SharedLine; users: number }>();
  return {
    async acquire(host, port, signal) {
      signal?.throwIfAborted();
      const key = `${host}:${port}`;
      const entry = shared.get(key) ?? { line: createSharedLine(host, port, timeoutMs), users: 0 };
      shared.set(key, entry);
      entry.users += 1;
      let held = true;
      const release = async (): Promise<void> => {
        if (!held) return;
        held = false;
        entry.users -= 1;
        if (entry.users > 0) return;
        shared.delete(key);
        await entry.line.close();
      };
      try {
        await untilAborted(entry.line.connect(), signal);
      } catch (error) {
        await release();
        throw error;
      }
      return { read: (unit, span, abort) => entry.line.read(unit, span, abort), release };
    },
  };
}
