import { runPlant } from './run-plant.ts';

process.exitCode = await runPlant(process.argv.slice(2));
