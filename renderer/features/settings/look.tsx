import { Trans, useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import { useConsole } from '../../app/console-context.tsx';
import { chooseLanguage, LANGUAGES, type Language } from '../../app/language.ts';
import { chooseTheme, readTheme, type Theme } from '../../app/theme.ts';
import { useCommand } from '../../app/use-command.ts';
import { Choice } from '../../ui/button.tsx';
import { Block, Muted } from '../../ui/layout.tsx';
import { InlineError } from '../../ui/view.tsx';
import s from './settings.module.css';

/** Language and contrast of this window; the console remembers the language for its next window. */
export function Look() {
  const { t, i18n } = useLingui();
  const { client } = useConsole();
  const [theme, setTheme] = useState(readTheme);
  const setLanguage = useCommand(client.villages.setLanguage);
  const language = LANGUAGES.find(([id]) => id === i18n.locale)?.[0] ?? 'en';
  const speak = (next: Language) => {
    void chooseLanguage(next);
    setLanguage.send({ language: next });
  };
  const paint = (next: Theme) => {
    chooseTheme(next);
    setTheme(next);
  };
  return (
    <Block title={<Trans>This window</Trans>}>
      <div className={s['looks']}>
        <div className={s['choice']}>
          <h3>
            <Trans>Language</Trans>
          </h3>
          <Choice
            label={t`Language`}
            value={language}
            onChange={speak}
            options={LANGUAGES.map(([id, name]) => [
              id,
              <span key={id} lang={id}>
                {name}
              </span>,
            ])}
          />
        </div>
        <div className={s['choice']}>
          <h3>
            <Trans>Light</Trans>
          </h3>
          <Choice
            label={t`Light`}
            value={theme}
            onChange={paint}
            options={[
              ['auto', t({ message: 'Auto', context: 'light' })],
              ['light', t({ message: 'Day', context: 'light' })],
              ['dark', t({ message: 'Night', context: 'light' })],
              ['contrast', t({ message: 'Strong', context: 'light' })],
            ]}
          />
          <Muted>
            <Trans>Strong is for full sun. Auto follows this laptop.</Trans>
          </Muted>
        </div>
      </div>
      <InlineError error={setLanguage.error} />
    </Block>
  );
}
