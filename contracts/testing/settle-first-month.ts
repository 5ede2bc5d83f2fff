// Run by crash.test.ts as a process of its own: node settle-first-month.ts DIR [hold]
import { closeVillage, firstMonth, openVillage } from './village.ts';

const [, , dir = '', hold] = process.argv;
const village = await openVillage(dir);
if (hold) {
  process.stdout.write('holding\n');
  process.stdin.resume();
} else {
  const receipt = await village.chain.submit(await firstMonth(village.pinned));
  process.stdout.write(JSON.stringify(receipt));
  await closeVillage(village);
}
