import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { AppError } from '#core/ports/errors.ts';
import {
  type ControlReply,
  type ControlRequest,
  controlReply,
  createLineSplitter,
  plantState,
  type ReadyLine,
  readyLine,
} from './control-protocol.ts';
import type { MeterState, PlantMeter } from './plant-source.ts';

/** What the plant knows to be true at its instant. */
interface PlantTruth {
  readonly atMs: number;
  /** By Modbus unit id. */
  readonly meters: ReadonlyMap<number, MeterState>;
}

/** The plant's clock and faults, over its control channel. Instants are UTC milliseconds. */
export interface PlantControl {
  /** Stops the plant's clock at an instant; throws CLOCK_BACKWARD when that is past. */
  set(atMs: number): Promise<number>;
  /** Lets the clock run at a multiple of real time from where it is; 0 stops it. */
  run(speed: number): Promise<number>;
  state(): Promise<PlantTruth>;
  fault(unit: number, fault: { readonly silent?: boolean; readonly reset?: true }): Promise<void>;
  close(): Promise<void>;
}

const plantGone = (cause?: unknown): AppError =>
  new AppError('PLANT_GONE', 'The simulated plant does not answer any more. Start it again.', {
    retryable: true,
    cause,
  });

type Body<R = ControlRequest> = R extends { id: number } ? Omit<R, 'id'> : never;

/** Joins the control channel of a plant on this machine. Throws PLANT_GONE when there is none. */
export async function connectPlant(controlPort: number): Promise<PlantControl> {
  const socket = new Socket();
  const waiting = new Map<number, { resolve: (reply: ControlReply) => void; reject: (error: Error) => void }>();
  let lastId = 0;
  try {
    socket.connect({ host: '127.0.0.1', port: controlPort });
    await once(socket, 'connect');
  } catch (error) {
    throw plantGone(error);
  }
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.once('close', () => {
    for (const { reject } of waiting.values()) reject(plantGone());
    waiting.clear();
  });
  const split = createLineSplitter((line) => {
    const reply = controlReply.parse(JSON.parse(line));
    const asked = reply.id === null ? undefined : waiting.get(reply.id);
    if (reply.id !== null) waiting.delete(reply.id);
    asked?.resolve(reply);
  });
  socket.on('data', (chunk: Buffer) => {
    try {
      split(chunk);
    } catch {
      socket.destroy();
    }
  });

  const ask = async (body: Body): Promise<Exclude<ControlReply, { error: unknown }>> => {
    if (socket.destroyed) throw plantGone();
    lastId += 1;
    const id = lastId;
    const reply = await new Promise<ControlReply>((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      socket.write(`${JSON.stringify({ id, ...body })}\n`);
    });
    if ('error' in reply) throw new AppError(reply.error.code, reply.error.message);
    return reply;
  };

  return {
    set: async (atMs) => (await ask({ set: { atMs } })).atMs,
    run: async (speed) => (await ask({ run: { speed } })).atMs,
    async state() {
      const { atMs, meters } = plantState.parse(await ask({ state: true }));
      const states = meters.map(({ unit, importWh, exportWh, ...rest }) => {
        return [unit, { importWh: BigInt(importWh), exportWh: BigInt(exportWh), ...rest }] as const;
      });
      return { atMs, meters: new Map(states) };
    },
    fault: async (unit, fault) => void (await ask({ fault: { meter: unit, ...fault } })),
    async close() {
      socket.destroy();
      if (!socket.closed) await once(socket, 'close');
    },
  };
}

export type SpawnPlantOptions = {
  /** Program and first arguments that start a plant; by default this Node and plant-main.ts beside this module. */
  readonly command?: readonly string[];
  readonly days?: number;
  readonly zoneOffsetMin?: number;
  /** Modbus port; 0 or nothing = any free one. */
  readonly port?: number;
  /** Silent meters do not answer at all, instead of through the gateway's exception. */
  readonly trueSilence?: boolean;
  readonly signal?: AbortSignal;
} & (
  | { readonly village: 'kwa-mtoni'; readonly seed?: number; readonly from?: string }
  | { readonly site: string; readonly from: string }
);

export interface RunningPlant {
  readonly control: PlantControl;
  readonly ports: { readonly modbus: number; readonly control: number };
  readonly meters: readonly PlantMeter[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly zoneOffsetMin: number;
  stop(): Promise<void>;
}

function defaultCommand(): readonly string[] {
  if (import.meta.filename.endsWith('.ts')) return [process.execPath, join(import.meta.dirname, 'plant-main.ts')];
  throw new AppError('PLANT_USAGE', 'A bundled program must say with which command it starts its plant.');
}

function toArguments(options: SpawnPlantOptions): string[] {
  const given: Record<string, string | number | undefined> = {
    ...('site' in options ? { site: options.site } : { village: options.village, seed: options.seed }),
    from: options.from,
    days: options.days,
    'zone-offset-min': options.zoneOffsetMin,
    port: options.port,
  };
  const pairs = Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}`]));
  return [...pairs, ...(options.trueSilence ? ['--true-silence'] : []), '--with-parent'];
}

const MAX_READY_BYTES = 256 * 1024;
const MAX_COMPLAINT_CHARS = 4000;

/** The plant's first line, or its complaint as an error. */
function waitUntilReady(child: ChildProcess): Promise<ReadyLine> {
  return new Promise((resolve, reject) => {
    let output = '';
    let complaint = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(0, MAX_COMPLAINT_CHARS);
    });
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      if (output.length < MAX_READY_BYTES) output += text;
      const end = output.indexOf('\n');
      if (end < 0) return;
      try {
        resolve(readyLine.parse(JSON.parse(output.slice(0, end))));
      } catch (error) {
        reject(
          new AppError('PLANT_FAILED', 'The simulated plant said something unexpected when it started.', {
            cause: error,
          }),
        );
      }
    });
    child.once('error', (error) => {
      reject(
        new AppError('PLANT_FAILED', `The simulated plant could not be started: ${error.message}`, { cause: error }),
      );
    });
    child.once('close', (exitCode) => {
      const [, code, message] = /^([A-Z_]{3,40}): (.*)$/s.exec(complaint.trim()) ?? [];
      reject(new AppError(code ?? 'PLANT_FAILED', message ?? `The simulated plant ended with exit code ${exitCode}.`));
    });
  });
}

async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = once(child, 'close');
  child.stdin?.end();
  child.kill('SIGTERM');
  await ended;
}

/** Starts a plant as a process of its own that ends with this one. Throws SITE_FILE, PLANT_USAGE or PLANT_FAILED. */
export async function spawnPlant(options: SpawnPlantOptions): Promise<RunningPlant> {
  options.signal?.throwIfAborted();
  const [program, ...first] = options.command ?? defaultCommand();
  if (program === undefined) throw new AppError('PLANT_USAGE', 'The command that starts the plant is empty.');
  const child = spawn(program, [...first, ...toArguments(options)], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...(process.versions['electron'] ? { ELECTRON_RUN_AS_NODE: '1' } : {}) },
    windowsHide: true,
  });
  child.stdin.on('error', () => {});
  const abort = (): void => void child.kill('SIGTERM');
  options.signal?.addEventListener('abort', abort, { once: true });
  try {
    const { modbusPort, controlPort, meters, fromMs, toMs, zoneOffsetMin } = await waitUntilReady(child);
    const control = await connectPlant(controlPort);
    const stop = async (): Promise<void> => {
      options.signal?.removeEventListener('abort', abort);
      await control.close();
      await endChild(child);
    };
    return { control, ports: { modbus: modbusPort, control: controlPort }, meters, fromMs, toMs, zoneOffsetMin, stop };
  } catch (error) {
    await endChild(child);
    options.signal?.throwIfAborted();
    throw error;
  }
}
