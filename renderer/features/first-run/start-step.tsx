import { Trans, useLingui } from '@lingui/react/macro';
import { Check } from 'lucide-react';
import { type ReactNode, useEffect } from 'react';
import { useConsole } from '../../app/console-context.tsx';
import { chooseLanguage, LANGUAGES, type Language } from '../../app/language.ts';
import { Key } from '../../ui/button.tsx';
import { Muted } from '../../ui/layout.tsx';
import { Wizard } from '../../ui/wizard.tsx';
import { Brand } from './brand.tsx';
import s from './first-run.module.css';
import type { StepProps } from './first-run.tsx';

/** The language, then one of three doors. */
export function StartStep({ go }: StepProps) {
  const { t, i18n } = useLingui();
  const { client } = useConsole();
  const choose = (language: Language) => {
    void chooseLanguage(language);
    void client.villages.setLanguage({ commandId: crypto.randomUUID(), language });
  };
  useNumberKeys([() => go({ step: 'village' }), () => go({ step: 'join' }), () => go({ step: 'demo' })]);
  return (
    <main>
      <Wizard
        brand={<Brand />}
        title="Welcome. Karibu."
        step={1}
        of={6}
        resumable
        foot={
          <Muted>
            <Trans>No internet is needed. Nothing leaves this laptop.</Trans>
          </Muted>
        }
      >
        <section className={s['choose']}>
          <h2>
            <Trans>Your language</Trans>
          </h2>
          <fieldset
            className={s['languages']}
            aria-label={t`Your language`}
            style={{ border: 0, margin: 0, padding: 0 }}
          >
            {LANGUAGES.map(([id, name]) => (
              <button key={id} type="button" lang={id} aria-pressed={i18n.locale === id} onClick={() => choose(id)}>
                {name}
                {i18n.locale === id && <Check size={18} aria-hidden />}
              </button>
            ))}
          </fieldset>
        </section>
        <section className={s['choose']}>
          <h2>
            <Trans>What do you want to do?</Trans>
          </h2>
          <div className={s['three']}>
            <Door
              n={1}
              title={<Trans>Start a new village</Trans>}
              text={<Trans>You are the first. About 15 minutes.</Trans>}
              onPress={() => go({ step: 'village' })}
            >
              <path className={s['solar']} d="M16 108C90 108 90 78 200 78" />
              <path className={s['house']} d="M186 76l31-28 31 28v44h-62z" />
            </Door>
            <Door
              n={2}
              title={<Trans>Join a village</Trans>}
              text={<Trans>A member gives you an invitation, as text or as a file.</Trans>}
              onPress={() => go({ step: 'join' })}
            >
              <path className={s['solar']} d="M70 50C130 54 140 96 210 96" />
              <path className={s['hydro']} d="M70 128C130 124 140 112 210 112" />
              <path
                className={s['house']}
                d="M14 40l31-28 31 28v34H14zM14 118l31-28 31 28v34H14zM204 88l31-28 31 28v44h-62z"
              />
            </Door>
            <Door
              n={3}
              title={<Trans>Look at a practice village</Trans>}
              text={<Trans>Everything in it is simulated. Try anything, nothing breaks.</Trans>}
              onPress={() => go({ step: 'demo' })}
            >
              <path className={s['solarDashed']} d="M16 96C90 96 110 58 190 58" />
              <path className={s['hydroDashed']} d="M16 126C90 126 110 98 190 98" />
              <path className={s['houseDashed']} d="M196 76l31-28 31 28v44h-62z" />
            </Door>
          </div>
        </section>
      </Wizard>
    </main>
  );
}

function Door(p: {
  readonly n: number;
  readonly title: ReactNode;
  readonly text: ReactNode;
  readonly onPress: () => void;
  readonly children: ReactNode;
}) {
  return (
    <button type="button" className={s['choice']} onClick={p.onPress}>
      <span style={{ position: 'absolute', insetBlockStart: 14, insetInlineEnd: 14 }} aria-hidden="true">
        <Key>{p.n}</Key>
      </span>
      <svg viewBox="0 0 280 160" aria-hidden="true">
        {p.children}
      </svg>
      <b>{p.title}</b>
      <span>{p.text}</span>
    </button>
  );
}

function useNumberKeys(acts: readonly (() => void)[]): void {
  useEffect(() => {
    const press = (e: KeyboardEvent) => {
      const act = e.ctrlKey || e.metaKey || e.altKey ? undefined : acts[Number(e.key) - 1];
      if (!act) return;
      // the next step puts the cursor in a field, and the figure does not belong there
      e.preventDefault();
      act();
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, [acts]);
}
