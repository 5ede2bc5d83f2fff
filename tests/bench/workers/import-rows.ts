import { peakMbOf } from '../peak-memory.ts';
import { answer, readInput, secondsSince } from './answer.ts';
import { insertHours, openHourTable, sumHours } from './hour-table.ts';
import { readSiteText } from './village-month.ts';

const { dir } = readInput();
const text = readSiteText();
const db = openHourTable(dir);

const startMs = performance.now();
insertHours(db, text);
const seconds = secondsSince(startMs);

await answer({ seconds, peakMb: peakMbOf('self'), ...sumHours(db) });
