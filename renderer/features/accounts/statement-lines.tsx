import { useLingui } from '@lingui/react/macro';
import type { Out } from '../../app/wire.ts';

export type Line = Out['accounts']['statement']['statement']['lines'][number];

/** What a line is for, from the member's side: money to them or from them. */
export function useLineWords(): (line: Line) => string {
  const { t } = useLingui();
  return (line) => {
    const other = line.other?.name ?? t`the village`;
    const gets = line.amountMinor >= 0n;
    switch (line.kind) {
      case 'adjustment':
        return t`Correction of an earlier month`;
      case 'host-charge':
        return gets ? t`Energy of the host, from ${other}` : t`Energy of the host, to ${other}`;
      case 'host-rent':
        return gets ? t`Rent for the premises, from ${other}` : t`Rent for the premises, to ${other}`;
      case 'neighbour-energy':
        return gets ? t`Energy, from ${other}` : t`Energy, to ${other}`;
      case 'wheeling':
        return gets ? t`Carrying, from ${other}` : t`Carrying, to ${other}`;
      case 'owner-share':
        return gets ? t`Share of the owner, from ${other}` : t`Share of the owner, to ${other}`;
      case 'host-share':
        return gets ? t`Share of the host, from ${other}` : t`Share of the host, to ${other}`;
    }
  };
}
