export const THEMES = ['auto', 'light', 'dark', 'contrast'] as const;
export type Theme = (typeof THEMES)[number];
const STORED = 'gridpact.theme';

export function readTheme(): Theme {
  const stored = localStorage.getItem(STORED);
  return THEMES.find((t) => t === stored) ?? 'auto';
}

export function chooseTheme(theme: Theme): void {
  localStorage.setItem(STORED, theme);
  applyTheme();
}

/** Follows the choice, or the system when there is none. */
export function startTheme(): void {
  applyTheme();
  for (const query of ['(prefers-color-scheme: dark)', '(prefers-contrast: more)'])
    matchMedia(query).addEventListener('change', applyTheme);
}

function applyTheme(): void {
  const chosen = readTheme();
  const system = matchMedia('(prefers-contrast: more)').matches
    ? 'contrast'
    : matchMedia('(prefers-color-scheme: dark)').matches
      ? 'dark'
      : 'light';
  document.documentElement.dataset['theme'] = chosen === 'auto' ? system : chosen;
}
