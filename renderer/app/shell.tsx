import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { Clock, Ellipsis, Search, Unplug, Users } from 'lucide-react';
import { lazy, type ReactNode, Suspense, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { Button, Key } from '../ui/button.tsx';
import { classNames } from '../ui/class-names.ts';
import { useFormat } from '../ui/format.tsx';
import { Avatar } from '../ui/marks.tsx';
import { ROLE_WORDS } from '../ui/words.ts';
import { useApi, useLinkState } from './console-context.tsx';
import { CopyNotice } from './copy-notice.tsx';
import { Logo } from './logo.tsx';
import { SCREENS } from './places.ts';
import s from './shell.module.css';
import { countSyncNeeds } from './sync-needs.ts';
import { useKeys } from './use-keys.ts';
import { useNowMs, useVillage } from './village-context.tsx';

const Palette = lazy(() => import('./palette.tsx').then((m) => ({ default: m.Palette })));
const KeysDialog = lazy(() => import('./keys-dialog.tsx').then((m) => ({ default: m.KeysDialog })));

/** The frame of every screen: woven edge, bar, rail or bottom bar, and the page. */
export function Shell({ children }: { readonly children: ReactNode }) {
  const [open, setOpen] = useState<'palette' | 'keys' | null>(null);
  useKeys({ openPalette: () => setOpen('palette'), openKeys: () => setOpen('keys') });
  return (
    <div className={s['shell']}>
      <button type="button" className={s['skip']} onClick={focusMain}>
        <Trans>Skip to the page</Trans>
      </button>
      <WovenEdge />
      <Bar openPalette={() => setOpen('palette')} />
      <Rail openKeys={() => setOpen('keys')} />
      <main id="main" tabIndex={-1} className={s['main']}>
        <CopyNotice />
        {children}
      </main>
      <Suspense>
        {open === 'palette' && <Palette onClose={() => setOpen(null)} />}
        {open === 'keys' && <KeysDialog onClose={() => setOpen(null)} />}
      </Suspense>
    </div>
  );
}

function focusMain(): void {
  document.getElementById('main')?.focus();
}

function WovenEdge() {
  const { t } = useLingui();
  if (!useVillage().simulated) return null;
  return (
    <section className={s['woven']} aria-label={t`Simulated village`}>
      <b>
        <Trans>Simulated village</Trans>
      </b>
      <span>
        <Trans>Made for practice. No real meters, no real money.</Trans>
      </span>
    </section>
  );
}

function Bar({ openPalette }: { readonly openPalette: () => void }) {
  const { t } = useLingui();
  const format = useFormat();
  const village = useVillage();
  const nowMs = useNowMs();
  const me = village.me;
  return (
    <header className={s['bar']}>
      <Link href="/" className={s['village']}>
        <Logo />
        <span>{village.name}</span>
      </Link>
      <time className={s['now']} dateTime={new Date(nowMs).toISOString()}>
        {format.moment(nowMs)}
      </time>
      <span className={s['grow']} />
      <Heard nowMs={nowMs} />
      <span className={s['find']}>
        <Button look="quiet" onPress={openPalette}>
          <Search aria-hidden />
          <Trans>Find or do</Trans>
          <Key>Ctrl</Key>
          <Key>K</Key>
        </Button>
      </span>
      {me && (
        <Link href={`/members/${me.id}`} className={s['who']}>
          <Avatar name={me.name} />
          <span className={s['whoText']}>
            <b>{me.name}</b>
            <span>{me.roles[0] && t(ROLE_WORDS[me.roles[0]])}</span>
          </span>
        </Link>
      )}
    </header>
  );
}

/** Never an error: who was heard last, and when. Only the line to the own core can be lost. */
function Heard({ nowMs }: { readonly nowMs: number }) {
  const format = useFormat();
  const village = useVillage();
  const link = useLinkState();
  const status = useQuery(useApi().sync.status.queryOptions({ input: { village: village.id } }));
  if (link.at === 'lost')
    return (
      <Link href="/sync" className={classNames(s['heard'], s['lost'])}>
        <Unplug size={16} aria-hidden />
        <Trans>The core does not answer. Trying again.</Trans>
      </Link>
    );
  const peers = status.data?.peers ?? [];
  const here = peers.filter((p) => p.connected).length;
  const last = peers.reduce<(typeof peers)[number] | null>(
    (best, p) => ((p.heardAtMs ?? 0) > (best?.heardAtMs ?? 0) ? p : best),
    null,
  );
  const age = last?.heardAtMs ? format.age(nowMs - last.heardAtMs) : '';
  const name = last?.name ?? '';
  return (
    <Link href="/sync" className={s['heard']}>
      {here > 0 ? <Users size={16} aria-hidden /> : <Clock size={16} aria-hidden />}
      {here > 0 ? (
        <Plural value={here} one="# console in reach" other="# consoles in reach" />
      ) : age && name ? (
        <Trans>
          Last heard from {name} {age} ago
        </Trans>
      ) : (
        <Trans>Only this laptop so far</Trans>
      )}
    </Link>
  );
}

function Rail({ openKeys }: { readonly openKeys: () => void }) {
  const { t } = useLingui();
  const [path] = useLocation();
  const isHere = (to: string) => (to === '/' ? path === '/' : path.startsWith(to));
  const hidden = SCREENS.filter((x) => !x.onPhone);
  const village = useVillage();
  const status = useQuery(useApi().sync.status.queryOptions({ input: { village: village.id } }));
  const needs = countSyncNeeds(status.data);
  return (
    <div className={s['railSide']}>
      <nav className={s['rail']} aria-label={t`Main`}>
        <ul>
          {SCREENS.map(({ to, name, icon: Icon, onPhone }, i) => (
            <li key={to} className={onPhone ? undefined : s['offPhone']}>
              <Link
                href={to}
                aria-current={isHere(to) ? 'page' : undefined}
                aria-keyshortcuts={`g ${i + 1}`}
                {...(to === '/sync' && needs > 0 && { 'aria-description': t`needs you: ${needs}` })}
              >
                <Icon aria-hidden strokeWidth={1.75} />
                {to === '/sync' && needs > 0 && (
                  <b className={s['badge']} aria-hidden>
                    {needs}
                  </b>
                )}
                <span>{t(name)}</span>
              </Link>
            </li>
          ))}
          <li className={s['onPhone']}>
            <Link href="/more" aria-current={path === '/more' || hidden.some((x) => isHere(x.to)) ? 'page' : undefined}>
              <Ellipsis aria-hidden strokeWidth={1.75} />
              <span>
                <Trans>More</Trans>
              </span>
            </Link>
          </li>
        </ul>
        <button type="button" className={s['keys']} onClick={openKeys}>
          <Key>?</Key>
          <span>
            <Trans>Keys</Trans>
          </span>
        </button>
      </nav>
    </div>
  );
}
