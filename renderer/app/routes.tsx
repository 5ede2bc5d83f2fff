import { useLingui } from '@lingui/react/macro';
import { type ComponentType, lazy, Suspense, useEffect } from 'react';
import { Route, Switch, useLocation } from 'wouter';
import { Today } from '../features/today/today.tsx';
import { Loading } from '../ui/view.tsx';
import { NotFound } from './not-found.tsx';
import { useVillage } from './village-context.tsx';
import { WaitingForBook } from './waiting-for-book.tsx';

const load = <K extends string>(module: () => Promise<Record<K, ComponentType>>, name: K) =>
  lazy(async () => ({ default: (await module())[name] }));

const Members = load(() => import('../features/members/members.tsx'), 'Members');
const Meters = load(() => import('../features/meters/meters.tsx'), 'Meters');
const Agreements = load(() => import('../features/agreements/agreements.tsx'), 'Agreements');
const Accounts = load(() => import('../features/accounts/accounts.tsx'), 'Accounts');
const Sync = load(() => import('../features/sync/sync.tsx'), 'Sync');
const Settings = load(() => import('../features/settings/settings.tsx'), 'Settings');
const More = load(() => import('./more.tsx'), 'More');

/** Screens that say something before the village's own book has arrived. */
const BEFORE_BOOK = ['/sync', '/settings', '/more'];

/** Each screen is its own chunk; only Today is in the first one. */
export function Routes() {
  const { t } = useLingui();
  useTopOfPage();
  const [path] = useLocation();
  const { ready } = useVillage();
  if (!ready && !BEFORE_BOOK.includes(path)) return <WaitingForBook />;
  return (
    <Suspense fallback={<Loading page text={t`Opening the page`} />}>
      <Switch>
        <Route path="/" component={Today} />
        <Route path="/members/*?" component={Members} />
        <Route path="/meters/*?" component={Meters} />
        <Route path="/agreements/*?" component={Agreements} />
        <Route path="/accounts/*?" component={Accounts} />
        <Route path="/sync" component={Sync} />
        <Route path="/settings" component={Settings} />
        <Route path="/more" component={More} />
        <Route component={NotFound} />
      </Switch>
    </Suspense>
  );
}

/** A new page starts at its top, as a reader expects. */
function useTopOfPage(): void {
  const [path] = useLocation();
  useEffect(() => {
    if (path) window.scrollTo(0, 0);
  }, [path]);
}
