import { AppError } from '#core/ports/errors.ts';
import type { Village } from '#core/village/open-village.ts';
import { type KnownConsoleState, knownConsoles } from './known-consoles.ts';

const MIN_PREFIX = 6;

/** The console that a person names by its member's name or the beginning of its id. Errors: NOT_FOUND, BAD_INPUT. */
export function chooseConsole(village: Village, wanted: string): KnownConsoleState {
  const { devices, members } = village.revealed();
  const text = wanted.trim().toLocaleLowerCase();
  const named = [...devices.values()].filter(({ id, member }) => {
    if (id === village.keys.id) return false;
    const isId = text.length >= MIN_PREFIX && id.startsWith(text);
    return isId || members.get(member)?.name.toLocaleLowerCase() === text;
  });
  const [device] = named;
  if (!device) throw noneCalled(village, wanted);
  const known = knownConsoles(village).filter((k) => named.some(({ id }) => id === k.device));
  const [first, second] = known;
  if (first && second) {
    const ids = known.map((k) => k.device.slice(0, 8)).join(', ');
    throw new AppError('BAD_INPUT', `${wanted} has several consoles: ${ids}. Name one by the beginning of its id.`);
  }
  if (first) return first;
  throw new AppError(
    'NOT_FOUND',
    `The console of ${wanted} never told what it has. Write a file with everything (without --since), or bring in a file it wrote first.`,
  );
}

/** Names may still be sealed for this console: ids always do. */
function noneCalled(village: Village, wanted: string): AppError {
  const { devices, members } = village.revealed();
  const known = knownConsoles(village).map(({ device }) => {
    const name = members.get(devices.get(device)?.member ?? '')?.name;
    return name === undefined ? device.slice(0, 8) : `${device.slice(0, 8)} (${name})`;
  });
  const told = known.length > 0 ? `Those that told what they have: ${known.join(', ')}.` : 'None told yet what it has.';
  return new AppError('NOT_FOUND', `No other console of this village belongs to ${wanted}. ${told}`);
}
