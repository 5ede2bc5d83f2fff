import { vouchFor } from '#core/metering/import-readings.ts';
import { type CommandCall, readText } from './command.ts';
import { withVillage } from './with-village.ts';

/** `gridpact readings vouch ENTRY`. */
export async function runVouch(call: CommandCall): Promise<number> {
  const { values, args, io } = call;
  const document = readText(values, 'document') ?? 'compared with the source';
  const entry = await withVillage(call, ({ village }) => vouchFor(village, args[0] ?? '', document));
  if (values['json'] === true) {
    io.print(
      JSON.stringify(
        { entry: entry.id, label: entry.text, hours: entry.hours, wh: entry.wh.toString(), trust: 1 },
        null,
        2,
      ),
    );
  } else
    io.print(`You vouch for ${entry.text}: ${entry.hours} hours, ${entry.wh} Wh. From now on they count (trust T1).`);
  return 0;
}
