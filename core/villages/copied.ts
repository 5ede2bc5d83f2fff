import { AppError } from '#core/ports/errors.ts';
import type { ConsoleStore } from '#core/storage/console-store.ts';
import { homeOf } from '#core/storage/home.ts';

const HOME = 'home';
const copiedLabel = (village: string): string => `copied|${village}`;

/**
 * A restored or copied folder must not write under the device key it was copied with: the console it came from may
 * have gone on, and two records with one number freeze a device. Every village in it waits for a new device key.
 */
export function noticeCopy(dir: string, store: ConsoleStore): void {
  const home = homeOf(dir);
  const known = store.preference(HOME);
  if (known === home) return;
  store.transaction(() => {
    if (known !== undefined) for (const { id } of store.villages()) store.setPreference(copiedLabel(id), 'yes');
    store.setPreference(HOME, home);
  });
}

/** Whether the village was found in a copied folder and has no device key of its own yet. */
export const isCopied = (store: ConsoleStore, village: string): boolean =>
  store.preference(copiedLabel(village)) !== undefined;

export const endCopy = (store: ConsoleStore, village: string): void => store.removePreference(copiedLabel(village));

export const restoredCopy = (): AppError =>
  new AppError(
    'RESTORED_COPY',
    'This console was restored from a copy. Before it writes again it must become a new device: the notice at the top of the window asks for your PIN.',
  );
