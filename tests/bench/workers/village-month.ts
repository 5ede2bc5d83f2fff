import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Console, OpenVillage } from '#core/console.ts';
import { type LoggerFile, readLoggerFile } from '#core/metering/import-readings.ts';
import { startConsole } from '#core/start-core.ts';
import { foundVillage } from '#core/villages/founding.ts';
import { newId } from '#domain/ids.ts';
import { monthSpan, type Zone } from '#domain/time.ts';
import { composeOptions } from '#main/compose.ts';
import { findDemoSite } from '#meter-drivers/demo-site/find-demo-site.ts';

/** The month of the made-up site that ships with the project. */
export const MONTH = '2026-03';
export const ZONE: Zone = { offsetMin: 180 };
export const SPAN = monthSpan(MONTH, ZONE);
export const PIN = '2468';
/** Watts a line carries; more energy in an hour is a spike. */
export const LINE_LIMIT_W = 1000;

export const readSiteText = (): string => readFileSync(findDemoSite(), 'utf8');
export const readSite = (text: string): LoggerFile => readLoggerFile('demo-hourly-wh.csv', text, ZONE);

export interface LedClock {
  now(): number;
  set(atMs: number): void;
}
export function createLedClock(startMs: number): LedClock {
  let atMs = startMs;
  return {
    now: () => atMs,
    set: (ms) => {
      atMs = ms;
    },
  };
}

/** The real console with its real adapters; only its clock is led. */
export function openConsole(dir: string, clock: LedClock): Promise<{ console: Console; stop(): Promise<void> }> {
  const options = composeOptions({
    dataDir: dir,
    host: 'command-line',
    mdns: false,
    listen: ['/ip4/127.0.0.1/tcp/0'],
    log: (line) => void process.stderr.write(`${line}\n`),
  });
  return startConsole({ ...options, clock, autoPoll: false });
}

export async function foundSite(console: Console): Promise<OpenVillage> {
  const { open } = await foundVillage(console, {
    name: 'Bench',
    currency: { code: 'UGX', exponent: 0 },
    zoneOffsetMin: ZONE.offsetMin,
    you: { name: 'Akello', roles: ['coordinator', 'owner'] },
    pin: PIN,
    simulated: true,
    how: 'founded',
  });
  return open;
}

/** What enters a meter in the books without asking one over a wire. Column 0 of a site is its total. */
export function meterAct({ village }: OpenVillage, name: string, member: string | null) {
  const meter = newId('e', village.id, new Uint8Array(randomBytes(16)));
  const isSite = name.endsWith('_0');
  const body = {
    meter,
    private: village.seal('meter', meter, { name, serial: null }),
    kind: isSite ? 'site' : 'use',
    place: isSite ? null : 'home',
    source: null,
    asset: null,
    member,
    limitW: LINE_LIMIT_W,
    manufacturer: null,
    model: null,
    simulated: true,
  };
  return { meter, act: { book: 'assets', kind: 'meter.add', body } };
}

export async function enterMeter(open: OpenVillage, name: string, member: string | null): Promise<string> {
  const { meter, act } = meterAct(open, name, member);
  await open.village.act([act]);
  return meter;
}
