import { useLingui } from '@lingui/react/macro';

/** What the checks of a draft find, as sentences. A code that is not known here is shown as it is. */
export function useFaultWords(): (code: string) => string {
  const { t } = useLingui();
  const words: Readonly<Record<string, string>> = {
    'meter-twice': t`One meter is named twice`,
    'neighbour-is-party': t`A neighbour is the owner or the host as well`,
    'no-price': t`There is no price`,
    'owner-is-host': t`Owner and host are the same`,
    'wheeling-over-price': t`Carrying costs more than the neighbours pay`,
    'unusual-term': t`That is an unusual length. Is it right?`,
  };
  return (code) => words[code] ?? code;
}
