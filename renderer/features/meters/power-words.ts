import { useLingui } from '@lingui/react/macro';
import { useFormat } from '../../ui/format.tsx';
import type { MeterKind } from '../../ui/words.ts';

/** Power of a meter in words. Readings count what flows out of the line as positive; what an asset gives is negative. */
export function usePowerWords(): (kind: MeterKind, powerW: number | null) => string {
  const { t } = useLingui();
  const format = useFormat();
  return (kind, powerW) => {
    if (powerW === null) return t`no news`;
    const size = format.power(Math.abs(powerW));
    if (kind !== 'battery' || Math.abs(powerW) < 1)
      return kind === 'generation' && Math.abs(powerW) < 1 ? t`off` : size;
    return powerW > 0 ? t`fills ${size}` : t`gives ${size}`;
  };
}
