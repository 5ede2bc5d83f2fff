import type { StandIn } from '#domain/village/reveal.ts';

const WORDS = {
  en: { member: 'Member', meter: 'Meter', asset: 'Asset', text: 'not readable here' },
  sw: { member: 'Mwanachama', meter: 'Mita', asset: 'Kifaa', text: 'haisomeki hapa' },
} as const;

/** What is shown for a name this console has no key for: the kind of thing, and enough of its id to tell two apart. */
export const standInFor =
  (language: string | undefined): StandIn =>
  (kind, id) => {
    const word = WORDS[language === 'sw' ? 'sw' : 'en'][kind];
    return kind === 'text' ? `(${word})` : `${word} ${id.slice(1, 5)}`;
  };
