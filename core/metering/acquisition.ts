import { AppError } from '#core/ports/errors.ts';
import type { MeterAddress, MeterConnection, MeterDriver } from '#core/ports/meter-driver.ts';
import { step } from '#core/ports/steps.ts';
import type { RawReading } from '#core/storage/raw-readings.ts';
import type { Village } from '#core/village/open-village.ts';
import { sealUntil } from './sealing.ts';

/** Reads the meters of this console and stores each answer, or that there was none, before anything else. */
export interface Acquisition {
  /** Reads every meter once; the readings stand for the instant `atMs`. */
  poll(atMs: number): Promise<readonly RawReading[]>;
  /** Polls at every multiple of `pollMs` and seals each day that is over. */
  start(pollMs: number): void;
  /** Newest answer of each meter, from memory. */
  readonly live: ReadonlyMap<string, RawReading>;
  stop(): Promise<void>;
}

export interface AcquisitionOptions {
  readonly village: Village;
  readonly driver: MeterDriver;
  /** Length of an interval; edges are its multiples. */
  readonly stepMs: number;
  readonly log: (line: string) => void;
}

export function createAcquisition({ village, driver, stepMs, log }: AcquisitionOptions): Acquisition {
  const connections = new Map<string, MeterConnection>();
  const live = new Map<string, RawReading>();
  const abort = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let busy: Promise<unknown> = Promise.resolve();

  const connect = async (meter: string, address: MeterAddress): Promise<MeterConnection> => {
    const known = connections.get(meter);
    if (known) return known;
    const opened = await driver.open(address, abort.signal);
    connections.set(meter, opened);
    return opened;
  };
  const read = async (meter: string, address: MeterAddress, atMs: number): Promise<RawReading> => {
    try {
      const r = await (await connect(meter, address)).read(abort.signal);
      return {
        meter,
        atMs,
        answered: true,
        importWh: r.importWh,
        exportWh: r.exportWh,
        powerW: r.powerW,
        socPercent: r.socPercent ?? null,
      };
    } catch (e) {
      if (!(e instanceof AppError)) throw e;
      if (e.code !== 'METER_SILENT') log(`meter ${meter}: ${e.message}`);
      return { meter, atMs, answered: false, importWh: null, exportWh: null, powerW: null, socPercent: null };
    }
  };
  const poll = async (atMs: number): Promise<readonly RawReading[]> => {
    const meters = village.store.localMeters();
    const readings = await Promise.all(meters.map((m) => read(m.meter, JSON.parse(m.address) as MeterAddress, atMs)));
    if (abort.signal.aborted) return [];
    village.store.addReadings(readings);
    step('reading.stored');
    for (const r of readings) if (r.answered) live.set(r.meter, r);
    village.notify('readings');
    return readings;
  };
  const turn = async (pollMs: number): Promise<void> => {
    const now = village.now();
    const at = Math.floor(now / pollMs) * pollMs;
    await poll(at);
    if (at % stepMs === 0) {
      await sealUntil(village, at, stepMs);
      village.store.dropInner(at - stepMs * 48, stepMs);
    }
  };
  return {
    poll,
    live,
    start(pollMs) {
      const next = (): void => {
        if (abort.signal.aborted) return;
        timer = setTimeout(
          () => {
            busy = turn(pollMs)
              .catch((e) => log(`reading meters: ${e instanceof Error ? e.message : String(e)}`))
              .finally(next);
          },
          pollMs - (village.now() % pollMs),
        );
      };
      next();
    },
    async stop() {
      abort.abort();
      clearTimeout(timer);
      await busy;
      await Promise.all([...connections.values()].map((c) => c.close()));
    },
  };
}
