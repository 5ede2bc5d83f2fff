import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { lazy, type ReactNode, Suspense, useEffect, useState } from 'react';
import { useLocation } from 'wouter';
import { ErrorPanel, LinkLostContext, Loading } from '../ui/view.tsx';
import { useApi, useLinkState } from './console-context.tsx';
import { hasUnfinishedFirstRun } from './first-run-progress.ts';
import s from './gate.module.css';
import { activateLanguage, LANGUAGES, storedLanguage } from './language.ts';
import { Logo } from './logo.tsx';
import { VillageProvider } from './village-context.tsx';
import type { Out } from './wire.ts';

const FirstRun = lazy(() => import('../features/first-run/first-run.tsx').then((m) => ({ default: m.FirstRun })));
const PairingScreen = lazy(() => import('./pairing-screen.tsx').then((m) => ({ default: m.PairingScreen })));

/** Lets the console in: pairing first, then a first run, then the villages that are here. */
export function Gate({ children }: { readonly children: ReactNode }) {
  const { t } = useLingui();
  const link = useLinkState();
  const state = useQuery(useApi().villages.state.queryOptions());
  useCoreLanguage(state.data?.language);
  const [inFirstRun, setInFirstRun] = useState(false);
  const [path] = useLocation();
  if (link.at === 'unpaired')
    return (
      <Suspense fallback={<Opening />}>
        <PairingScreen />
      </Suspense>
    );
  if (!state.data)
    return (
      <main className={s['page']}>
        <p className={s['brand']}>
          <Logo /> Gridpact
        </p>
        {state.error ? (
          <ErrorPanel error={state.error} retry={() => void state.refetch()} />
        ) : link.at === 'lost' ? (
          <p role="status">
            <Trans>The console’s core does not answer yet. Trying again.</Trans>
          </p>
        ) : (
          <Loading page text={t`Opening the book`} />
        )}
      </main>
    );
  const adding = path === '/meters/add' || path === '/members/add';
  const { villages } = state.data;
  const needsFirstRun = villages.length === 0 || (!adding && hasUnfinishedFirstRun(villages.map((v) => v.id)));
  // Held until it ends by itself: the village is here before its paper words have been kept.
  if (needsFirstRun && !inFirstRun) setInFirstRun(true);
  if (needsFirstRun || inFirstRun)
    return (
      <Suspense fallback={<Opening />}>
        <FirstRun state={state.data} onFinished={() => setInFirstRun(false)} />
      </Suspense>
    );
  return (
    <LinkLostContext value={link.at === 'lost'}>
      <Villages state={state.data} receivedAtMs={state.dataUpdatedAt}>
        {children}
      </Villages>
    </LinkLostContext>
  );
}

function Opening() {
  const { t } = useLingui();
  return (
    <main className={s['page']}>
      <Loading page text={t`Opening the book`} />
    </main>
  );
}

function Villages(p: {
  readonly state: Out['villages']['state'];
  readonly receivedAtMs: number;
  readonly children: ReactNode;
}) {
  return (
    <VillageProvider villages={p.state.villages} clockAheadMs={p.state.nowMs - p.receivedAtMs}>
      {p.children}
    </VillageProvider>
  );
}

/** The window's own choice wins; otherwise the language this console was set to. */
function useCoreLanguage(language: string | null | undefined): void {
  useEffect(() => {
    const known = LANGUAGES.find(([id]) => id === language)?.[0];
    if (known && storedLanguage() === null) void activateLanguage(known);
  }, [language]);
}
