import { Trans, useLingui } from '@lingui/react/macro';
import { Printer } from 'lucide-react';
import { useState } from 'react';
import { PrintSheet } from '../print/print-sheet.tsx';
import { Button } from './button.tsx';
import { Field, Tick } from './field.tsx';
import s from './paper-words.module.css';

const ASKED = [3, 8] as const;

/** Recovery words, shown this once: written or printed, then two of them are asked for. */
export function PaperWords(p: {
  readonly words: readonly string[];
  readonly owner: string;
  /** Told whether the person has shown that the words are on paper. */
  readonly onKept: (kept: boolean) => void;
}) {
  const { t } = useLingui();
  const [wrote, setWrote] = useState(false);
  const [typed, setTyped] = useState<readonly string[]>(['', '']);
  const matches = (i: number, text: string) => text.trim().toLowerCase() === p.words[(ASKED[i] ?? 1) - 1];
  const change = (i: number, text: string) => {
    const next = typed.map((x, k) => (k === i ? text : x));
    setTyped(next);
    p.onKept(wrote && next.every((x, k) => matches(k, x)));
  };
  const tick = (on: boolean) => {
    setWrote(on);
    p.onKept(on && typed.every((x, k) => matches(k, x)));
  };
  return (
    <section className={s['paper']}>
      <div className={s['head']}>
        <h2>
          <Trans>Write these {p.words.length} words on paper</Trans>
        </h2>
        <Button look="quiet" onPress={() => window.print()}>
          <Printer aria-hidden />
          <Trans>Print</Trans>
        </Button>
      </div>
      <Words words={p.words} />
      <PrintSheet size="a5">
        <h1>{p.owner}</h1>
        <p>
          <Trans>These words bring your key back. Keep this paper safe. Show it to nobody.</Trans>
        </p>
        <Words words={p.words} />
      </PrintSheet>
      <Tick on={wrote} onChange={tick}>
        <Trans>I wrote them down. The paper is in a safe place.</Trans>
      </Tick>
      {wrote && (
        <div className={s['ask']}>
          {ASKED.map((n, i) => (
            <Field
              key={n}
              label={t`Word ${n}`}
              value={typed[i] ?? ''}
              onChange={(x) => change(i, x)}
              error={
                (typed[i] ?? '').length > 2 && !matches(i, typed[i] ?? '') ? t`Not the same as on the paper` : null
              }
            />
          ))}
        </div>
      )}
    </section>
  );
}

function Words({ words }: { readonly words: readonly string[] }) {
  const numbered = words.map((word, i) => ({ n: i + 1, word }));
  return (
    <ol className={s['words']} translate="no">
      {numbered.map(({ n, word }) => (
        <li key={n}>
          <span>{n}</span>
          {word}
        </li>
      ))}
    </ol>
  );
}
