import { i18n, type Messages } from '@lingui/core';

export const LANGUAGES = [
  ['en', 'English'],
  ['sw', 'Kiswahili'],
] as const;
export type Language = (typeof LANGUAGES)[number][0];
const STORED = 'gridpact.language';

const CATALOGUES: Record<Language, () => Promise<{ readonly messages: Messages }>> = {
  en: () => import('../i18n/locales/en.po'),
  sw: () => import('../i18n/locales/sw.po'),
};

const asLanguage = (text: string | null | undefined): Language | undefined =>
  LANGUAGES.find(([id]) => id === text?.slice(0, 2))?.[0];

/** The language this window was last read in, else the browser's, else English. */
export const storedLanguage = (): Language | null => asLanguage(localStorage.getItem(STORED)) ?? null;
export const firstLanguage = (): Language => storedLanguage() ?? asLanguage(navigator.language) ?? 'en';

export async function activateLanguage(language: Language): Promise<void> {
  const { messages } = await CATALOGUES[language]();
  i18n.loadAndActivate({ locale: language, messages });
  document.documentElement.lang = language;
}

export async function chooseLanguage(language: Language): Promise<void> {
  localStorage.setItem(STORED, language);
  await activateLanguage(language);
}
