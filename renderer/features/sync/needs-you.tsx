import { Plural, Trans } from '@lingui/react/macro';
import type { ReactNode } from 'react';
import { syncNeeds } from '../../app/sync-needs.ts';
import { Count } from '../../ui/marks.tsx';
import { BreakMatter } from './chain-breaks.tsx';
import { ConflictMatter } from './conflicts.tsx';
import { DamagedMatter } from './damaged-month.tsx';
import { KeyMatter } from './key-refused.tsx';
import s from './needs.module.css';
import type { SyncStatus } from './sync.tsx';

interface Waiting {
  readonly key: string;
  readonly show: (open: boolean) => ReactNode;
}

/** What waits for a person, first of all; nothing when nothing does. */
export function NeedsYou({ status, onStick }: { readonly status: SyncStatus; readonly onStick: (to: string) => void }) {
  const matters = waitingIn(status, onStick);
  const seen = seenIn(status);
  return (
    <>
      {matters.length > 0 && (
        <section className={s['needs']} aria-labelledby="needs-you">
          <h2 id="needs-you">
            <Trans>Needs you</Trans>
            <Count>{matters.length}</Count>
          </h2>
          {matters.map(({ key, show }) => (
            <div key={key}>{show(matters.length === 1)}</div>
          ))}
        </section>
      )}
      {seen.length > 0 && (
        <details className={s['seen']}>
          <summary>
            <Plural
              value={seen.length}
              one="# thing you have seen or decided"
              other="# things you have seen or decided"
            />
          </summary>
          {seen.map(({ key, show }) => (
            <div key={key}>{show(false)}</div>
          ))}
        </details>
      )}
    </>
  );
}

function waitingIn(status: SyncStatus, onStick: (to: string) => void): Waiting[] {
  const { conflicts, chains, damaged, refused } = syncNeeds(status);
  return [
    ...conflicts.map(conflictMatter),
    ...chains.map(breakMatter),
    ...damaged.map((m) => ({ key: m.month, show: (open: boolean) => <DamagedMatter part={m} open={open} /> })),
    ...refused.map((p) => ({
      key: p.peer,
      show: (open: boolean) => <KeyMatter peer={p} open={open} onStick={onStick} />,
    })),
  ];
}

const seenIn = ({ conflicts, chains }: SyncStatus): Waiting[] => [
  ...conflicts.filter((c) => c.seen || c.isDecided).map(conflictMatter),
  ...chains.filter((c) => c.seen).map(breakMatter),
];

const conflictMatter = (conflict: SyncStatus['conflicts'][number]): Waiting => ({
  key: conflict.id,
  show: (open) => <ConflictMatter conflict={conflict} open={open} />,
});
const breakMatter = (chain: SyncStatus['chains'][number]): Waiting => ({
  key: chain.id,
  show: (open) => <BreakMatter chain={chain} open={open} />,
});
