import { AppError } from '#core/ports/errors.ts';
import type { CommandCall } from '../command.ts';

export function runDemo(_call: CommandCall): Promise<number> {
  throw new AppError('INTERNAL', 'This build has no demo yet. Use gridpact gateway --open-demo.');
}
