import { useLingui } from '@lingui/react/macro';
import type { Blank } from './draft.ts';

/** What each blank asks for. */
export function useBlankNames(): Record<Blank, string> {
  const { t } = useLingui();
  return {
    owner: t`Owner`,
    asset: t`Plant`,
    host: t`Host`,
    hostMeter: t`Meter of the host`,
    hostPrice: t`Price for the host`,
    rent: t`Rent for the premises`,
    neighbours: t`Neighbours`,
    neighbourPrice: t`Price for neighbours`,
    grid: t`Grid provider`,
    wheelingPrice: t`Price of carrying`,
    ownerShare: t`Share of the owner`,
    from: t`First month`,
    months: t`How long`,
    after: t`Afterwards`,
  };
}
