import { createContext, type ReactNode, useContext, useMemo, useState } from 'react';
import { FormatProvider } from '../ui/format.tsx';
import { useClockMs } from '../ui/use-clock.ts';
import type { VillageSummary } from './wire.ts';

interface VillageValue {
  readonly village: VillageSummary;
  readonly villages: readonly VillageSummary[];
  readonly chooseVillage: (id: string) => void;
  /** The core's clock less this window's: a practice village may run at its own speed. */
  readonly clockAheadMs: number;
}
const VillageContext = createContext<VillageValue | null>(null);
const STORED = 'gridpact.village';

export function VillageProvider(p: {
  readonly villages: readonly VillageSummary[];
  readonly clockAheadMs: number;
  readonly children: ReactNode;
}) {
  const [chosen, setChosen] = useState(() => localStorage.getItem(STORED));
  const village = p.villages.find((v) => v.id === chosen) ?? p.villages[0];
  if (!village) return null;
  const chooseVillage = (id: string) => {
    localStorage.setItem(STORED, id);
    setChosen(id);
  };
  return (
    <VillageContext value={{ village, villages: p.villages, chooseVillage, clockAheadMs: p.clockAheadMs }}>
      <VillageFormat village={village}>{p.children}</VillageFormat>
    </VillageContext>
  );
}

function VillageFormat({ village, children }: { readonly village: VillageSummary; readonly children: ReactNode }) {
  const zone = useMemo(() => ({ offsetMin: village.zoneOffsetMin }), [village.zoneOffsetMin]);
  return (
    <FormatProvider currency={village.currency} zone={zone}>
      {children}
    </FormatProvider>
  );
}

export function useVillages(): VillageValue {
  const value = useContext(VillageContext);
  if (!value) throw new Error('no village around this view');
  return value;
}
export const useVillage = (): VillageSummary => useVillages().village;
/** Whether the person at this console may do what only coordinators do. */
export const useIsCoordinator = (): boolean => useVillage().me?.roles.includes('coordinator') ?? false;

/** The core's time, renewed often enough for ages in minutes. */
export const useNowMs = (): number => useClockMs() + useVillages().clockAheadMs;
