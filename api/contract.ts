import { accounts } from './accounts.ts';
import { agreements } from './agreements.ts';
import { archive } from './archive.ts';
import { bundles } from './bundles.ts';
import { grants } from './grants.ts';
import { changes, jobs } from './live.ts';
import { members } from './members.ts';
import { assets, meters } from './meters.ts';
import { sync } from './sync.ts';
import { today } from './today.ts';
import { villages } from './villages.ts';

/** The whole wire contract between a console's window and its core. */
export const contract = {
  villages,
  today,
  members,
  meters,
  assets,
  grants,
  agreements,
  accounts,
  sync,
  bundles,
  archive,
  changes,
  jobs,
};
export type Contract = typeof contract;
