import { AppError } from '#core/ports/errors.ts';
import type { CommandCall } from './command.ts';

export function runImport({ args }: CommandCall): Promise<number> {
  throw new AppError('INTERNAL', `${args[0]} was not imported: this build has no import yet. Use the console's page.`);
}
