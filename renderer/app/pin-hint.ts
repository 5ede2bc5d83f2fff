import { useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { useApi } from './console-context.tsx';
import { useVillage } from './village-context.tsx';

/** The people of the practice village all sign with this PIN; it is no secret. */
const PRACTICE_PIN = '1234';

/** What stands under a PIN field of the practice village; nothing in a real one. */
export function usePinHint(): string | null {
  const { t } = useLingui();
  const state = useQuery(useApi().villages.state.queryOptions());
  const isPractice = state.data?.demo.village === useVillage().id;
  return isPractice ? t`In this practice village everyone’s PIN is ${PRACTICE_PIN}.` : null;
}
