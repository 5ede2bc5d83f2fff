import { Trans, useLingui } from '@lingui/react/macro';
import { CircleAlert, Clock } from 'lucide-react';
import { createContext, type ReactNode, useContext, useEffect, useRef } from 'react';
import { Button } from './button.tsx';
import { classNames } from './class-names.ts';
import { ERROR_WORDS, readRefusal } from './error-words.ts';
import { useFormat } from './format.tsx';
import { useClockMs } from './use-clock.ts';
import s from './view.module.css';

/** Set while the link to the core is lost: data stays, its age is shown. */
export const LinkLostContext = createContext(false);

/** The part of a TanStack query a view needs. */
export interface Asked<T> {
  readonly data: T | undefined;
  readonly error: unknown;
  readonly isPending: boolean;
  readonly dataUpdatedAt: number;
  readonly refetch: () => unknown;
}

/** Set where a view stands for the whole page: whatever state it is in, the page then has its one main heading. */
const MainHeadingContext = createContext(false);

function Heading({ children }: { readonly children: ReactNode }) {
  return useContext(MainHeadingContext) ? <h1 className={s['asSecond']}>{children}</h1> : <h2>{children}</h2>;
}

/** A view in its five states: loading, empty, stale, error, ready. */
export function View<T>(p: {
  readonly of: Asked<T>;
  readonly loading: string;
  readonly empty?: { readonly when: (data: T) => boolean; readonly show: ReactNode };
  readonly children: (data: T) => ReactNode;
  /** The view stands for the whole page. */
  readonly page?: boolean;
}) {
  const inStates = (shown: ReactNode) => <MainHeadingContext value={p.page ?? false}>{shown}</MainHeadingContext>;
  const lost = useContext(LinkLostContext);
  if (p.of.data === undefined) {
    if (p.of.error) return inStates(<ErrorPanel error={p.of.error} retry={() => void p.of.refetch()} />);
    return inStates(<Loading text={p.loading} />);
  }
  const stale = lost || p.of.error !== null;
  return (
    <>
      {stale && <Stale sinceMs={p.of.dataUpdatedAt} />}
      {p.empty?.when(p.of.data) ? inStates(p.empty.show) : p.children(p.of.data)}
    </>
  );
}

export function Loading({ text, page }: { readonly text: string; readonly page?: boolean }) {
  const isMain = useContext(MainHeadingContext) || page;
  return (
    <div role="status" aria-live="polite">
      {isMain ? <h1 className={s['asText']}>{text}</h1> : <p className={s['asText']}>{text}</p>}
      <div className={s['skeleton']} aria-hidden="true">
        <span />
        <span />
        <span />
      </div>
    </div>
  );
}

export function Stale({ sinceMs }: { readonly sinceMs: number }) {
  const format = useFormat();
  const age = format.age(useClockMs() - sinceMs);
  return (
    <p className={s['stale']} role="status">
      <Clock size={18} aria-hidden />
      <span>
        <Trans>
          The console’s core does not answer. This is what it knew <b>{age}</b> ago.
        </Trans>
      </span>
    </p>
  );
}

/** Nothing here yet, and what to do next. */
export function Empty(p: { readonly title: ReactNode; readonly children?: ReactNode; readonly action?: ReactNode }) {
  return (
    <section className={s['panel']}>
      <svg className={s['art']} viewBox="0 0 160 56" aria-hidden="true">
        <rect x="1" y="1" width="158" height="54" rx="5" />
      </svg>
      <Heading>{p.title}</Heading>
      {p.children && <p>{p.children}</p>}
      {p.action}
    </section>
  );
}

export function ErrorPanel({ error, retry }: { readonly error: unknown; readonly retry?: () => void }) {
  const { t } = useLingui();
  const refusal = readRefusal(error);
  const words = ERROR_WORDS[refusal.code];
  return (
    <section className={classNames(s['panel'], s['error'])} role="alert">
      <Heading>
        <CircleAlert size={20} aria-hidden />
        {t(words.what)}
      </Heading>
      <p>{t(words.act)}</p>
      {retry && (
        <Button look="line" small onPress={retry}>
          <Trans>Try again</Trans>
        </Button>
      )}
      <Detail {...refusal} />
    </section>
  );
}

/** The core's own words, for whoever helps: they are English, so in another language they stand folded. */
function Detail({ detail, code }: { readonly detail: string; readonly code: string }) {
  const { i18n } = useLingui();
  const words = (
    <span className={s['code']} lang="en">
      {detail} {code}
    </span>
  );
  if (i18n.locale === 'en') return words;
  return (
    <details className={s['detail']}>
      <summary>
        <Trans>For whoever helps you</Trans> <span className={s['code']}>{code}</span>
      </summary>
      {words}
    </details>
  );
}

/** A refusal beside the button that caused it. */
export function InlineError({ error }: { readonly error: unknown }) {
  const { t } = useLingui();
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (error) box.current?.scrollIntoView({ block: 'nearest' });
  }, [error]);
  if (!error) return null;
  const refusal = readRefusal(error);
  const words = ERROR_WORDS[refusal.code];
  return (
    <div ref={box} className={s['inline']} role="alert">
      <strong>{t(words.what)}</strong>
      <span>{t(words.act)}</span>
      <Detail {...refusal} />
    </div>
  );
}
