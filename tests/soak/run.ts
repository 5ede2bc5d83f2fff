import { randomInt } from 'node:crypto';
import { assembleCast } from './cast.ts';
import { runSchedules } from './run-schedules.ts';
import { ScheduleError } from './schedule.ts';

const USAGE = `npm run soak -- [count] [seed]
  count  how many random fault schedules to run (1000)
  seed   of the first; the next ones follow. A failed schedule prints its own: npm run soak -- 1 <seed>`;

const [countText = '1000', seedText = String(randomInt(2 ** 31))] = process.argv.slice(2);
if (!/^[1-9]\d{0,6}$/.test(countText) || !/^\d{1,10}$/.test(seedText)) {
  process.stderr.write(`${USAGE}\n`);
  process.exit(2);
}
const [count, seed] = [Number(countText), Number(seedText)];
const cast = assembleCast();
let failed = 0;
let records = 0;
console.log(`${count} fault schedules from seed ${seed}`);
let done = 0;
await runSchedules(cast, { seed, count }, (outcome) => {
  done += 1;
  if (outcome instanceof Error) {
    failed += 1;
    console.error(outcome instanceof ScheduleError ? outcome.message : outcome);
  } else records += outcome.acknowledged;
  if (done % 100 === 0) console.log(`${done} done, ${failed} failed, ${records} records acknowledged`);
});
console.log(`${count} schedules, ${failed} failed, ${records} records acknowledged`);
process.exitCode = failed > 0 ? 1 : 0;
