import { useLingui } from '@lingui/react/macro';
import { Pick } from '../ui/field.tsx';
import { useVillages } from './village-context.tsx';

/** Shown only where one console holds several villages. */
export function VillageChoice() {
  const { t } = useLingui();
  const { village, villages, chooseVillage } = useVillages();
  if (villages.length < 2) return null;
  return (
    <Pick
      label={t`Village`}
      none={t`Choose`}
      value={village.id}
      onChange={chooseVillage}
      options={villages.map((v) => ({ id: v.id, text: v.name, more: v.simulated ? t`simulated` : '' }))}
    />
  );
}
