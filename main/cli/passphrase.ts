import { readFileSync } from 'node:fs';
import { AppError } from '#core/ports/errors.ts';
import { type OptionValues, readText } from './command.ts';

/** The passphrase of the data folder: first line of --passphrase-file, else GRIDPACT_PASSPHRASE, else none. */
export function readPassphrase(values: OptionValues): string | undefined {
  const file = readText(values, 'passphrase-file');
  if (file === undefined) return process.env['GRIDPACT_PASSPHRASE'] || undefined;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new AppError('BAD_INPUT', `--passphrase-file ${file} cannot be read.`, { cause: error });
  }
  const line = text.split(/\r?\n/, 1)[0] ?? '';
  if (line.length < 8) throw new AppError('BAD_INPUT', `The first line of ${file} is shorter than 8 characters.`);
  return line;
}
