/**
 * What a first run has already asked, so that it can go on after the window was closed. Never a PIN, never words; the
 * person's name only while the window is open, for what windows keep lies on the disk in the clear.
 */
export interface FirstRunProgress {
  readonly step: 'start' | 'village' | 'you' | 'join' | 'demo' | 'meter' | 'member';
  readonly villageName: string;
  readonly currency: string;
  readonly zoneOffsetMin: number;
  readonly yourName: string;
  /** Once the village is founded or joined. */
  readonly village: string | null;
}
const STORED = 'gridpact.first-run';

export const emptyProgress = (): FirstRunProgress => ({
  step: 'start',
  villageName: '',
  currency: 'UGX',
  zoneOffsetMin: -new Date().getTimezoneOffset(),
  yourName: '',
  village: null,
});

export function readProgress(): FirstRunProgress {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(STORED) ?? 'null');
    return typeof stored === 'object' && stored !== null ? { ...emptyProgress(), ...stored } : emptyProgress();
  } catch {
    return emptyProgress();
  }
}
export const saveProgress = ({ yourName: _open, ...kept }: FirstRunProgress): void =>
  localStorage.setItem(STORED, JSON.stringify(kept));
export const endProgress = (): void => localStorage.removeItem(STORED);

/** True when a village was founded in this window but its first meter and member were not yet asked for. */
export function hasUnfinishedFirstRun(villages: readonly string[]): boolean {
  const { village, step } = readProgress();
  return village !== null && villages.includes(village) && (step === 'meter' || step === 'member');
}
