import { importReadings } from '#core/metering/import-readings.ts';
import { peakMbOf } from '../peak-memory.ts';
import { answer, readInput, secondsSince } from './answer.ts';
import { createLedClock, enterMeter, foundSite, openConsole, readSite, readSiteText, SPAN } from './village-month.ts';

const { dir } = readInput();
const text = readSiteText();
const opened = await openConsole(dir, createLedClock(SPAN.to));
const open = await foundSite(opened.console);
const columns: Record<string, string> = {};
for (const name of readSite(text).names) columns[name] = await enterMeter(open, name, null);

const startMs = performance.now();
const control = { signal: new AbortController().signal, progress: () => undefined };
const { hours, wh } = await importReadings(open.village, 'demo-hourly-wh.csv', readSite(text), columns, control);
const seconds = secondsSince(startMs);

const { frames, segments } = open.village.store.counts();
const { readings, state } = open.village;
const readable = [...state().meters.keys()].reduce((n, m) => n + readings.frames(m, SPAN.from, SPAN.to).length, 0);
await answer(
  { seconds, peakMb: peakMbOf('self'), hours, wh: Number(wh), frames, segments, right: readable === frames },
  () => opened.stop(),
);
