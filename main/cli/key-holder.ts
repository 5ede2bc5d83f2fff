import { readFileSync } from 'node:fs';
import { AppError } from '#core/ports/errors.ts';
import { type OptionValues, readText, UsageError } from './command.ts';

/** What opens the data folder: a passphrase, the TPM (--tpm, for a new folder), or what the folder itself says. */
export function readKeyHolder(values: OptionValues): { readonly passphrase?: string; readonly tpm?: boolean } {
  const passphrase = readPassphrase(values);
  if (values['tpm'] !== true) return passphrase === undefined ? {} : { passphrase };
  if (passphrase === undefined) return { tpm: true };
  throw new UsageError(
    '--tpm and a passphrase (--passphrase-file, GRIDPACT_PASSPHRASE) exclude each other. Choose one.',
  );
}

/** The passphrase of the data folder: first line of --passphrase-file, else GRIDPACT_PASSPHRASE, else none. */
function readPassphrase(values: OptionValues): string | undefined {
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
