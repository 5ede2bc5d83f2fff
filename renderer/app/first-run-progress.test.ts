import { afterEach, expect, test, vi } from 'vitest';
import { emptyProgress, readProgress, saveProgress } from './first-run-progress.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

test('what a first run leaves in the window for the next start names the village and never the person (P46)', () => {
  const kept = new Map<string, string>();
  const getItem = (name: string): string | null => kept.get(name) ?? null;
  vi.stubGlobal('localStorage', { getItem, setItem: (name: string, value: string) => void kept.set(name, value) });
  saveProgress({ ...emptyProgress(), step: 'village', villageName: 'Kisoro', yourName: 'Nakalembe Zawadi' });
  expect(readProgress()).toMatchObject({ step: 'village', villageName: 'Kisoro', yourName: '' });
  expect([...kept.values()].join()).not.toContain('Nakalembe');
});
