import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { TriangleAlert } from 'lucide-react';
import { ButtonLink } from '../../ui/button.tsx';
import { useFormat } from '../../ui/format.tsx';
import { Muted, Paper, Small, Stack } from '../../ui/layout.tsx';
import { Chip } from '../../ui/marks.tsx';
import { MarkSeen } from './mark-seen.tsx';
import s from './sync.module.css';
import type { SyncStatus } from './sync.tsx';

type Conflict = SyncStatus['conflicts'][number];
type Side = Conflict['counts'];

/** Where two records cannot both count: both sides, which one counts now, and where to act. */
export function Conflicts({ conflicts }: { readonly conflicts: readonly Conflict[] }) {
  const open = conflicts.filter((c) => !c.seen);
  const seen = conflicts.filter((c) => c.seen);
  return (
    <>
      {open.map((conflict, i) => (
        <ConflictPaper key={conflict.id} conflict={conflict} nth={i + 1} of={open.length} />
      ))}
      {seen.length > 0 && (
        <details className={s['seen']}>
          <summary>
            <Plural value={seen.length} one="# conflict you have seen" other="# conflicts you have seen" />
          </summary>
          <Stack>
            {seen.map((conflict, i) => (
              <ConflictPaper key={conflict.id} conflict={conflict} nth={i + 1} of={seen.length} />
            ))}
          </Stack>
        </details>
      )}
    </>
  );
}

function ConflictPaper(p: { readonly conflict: Conflict; readonly nth: number; readonly of: number }) {
  const { t } = useLingui();
  const words = useConflictWords(p.conflict);
  const { nth, of } = p;
  const { counts, onHold } = p.conflict;
  const differs = counts.text !== onHold.text;
  return (
    <Paper
      alert={!p.conflict.seen}
      title={words.what}
      icon={<TriangleAlert size={20} color="var(--alert)" aria-hidden />}
      extra={<Muted>{t`${nth} of ${of}`}</Muted>}
    >
      <Small>{words.same}</Small>
      <div className={s['sides']}>
        <SideCard side={counts} counts differs={differs} />
        <SideCard side={onHold} counts={false} differs={differs} />
      </div>
      <p className={s['act']}>
        <span>{words.act}</span>
        <ButtonLink to={words.to} look="line" small>
          {words.go}
        </ButtonLink>
        {!p.conflict.seen && <MarkSeen conflict={p.conflict.id} />}
      </p>
      <Muted>
        <Trans>Both entries stay in the book.</Trans>
      </Muted>
    </Paper>
  );
}

function SideCard(p: { readonly side: Side; readonly counts: boolean; readonly differs: boolean }) {
  const { side, counts } = p;
  const format = useFormat();
  const known = side.by !== '?';
  return (
    <div className={counts ? s['side'] : s['sideHeld']}>
      <p>
        <b>{known ? side.by : <Trans>A console not known here</Trans>}</b>
        {counts ? (
          <Chip look="ink">
            <Trans>counts now</Trans>
          </Chip>
        ) : (
          <Chip look="dashed">
            <Trans>on hold</Trans>
          </Chip>
        )}
      </p>
      {p.differs && <p>{side.text}</p>}
      <Small>{side.atMs > 0 ? format.moment(side.atMs) : null}</Small>
    </div>
  );
}

interface ConflictWords {
  readonly what: string;
  readonly same: string;
  readonly act: string;
  readonly go: string;
  readonly to: string;
}

function useConflictWords(conflict: Conflict): ConflictWords {
  const { t } = useLingui();
  const format = useFormat();
  const { text } = conflict.counts;
  switch (conflict.kind) {
    case 'two-closes': {
      const month = /^\d{4}-\d{2}$/.test(text) ? format.month(text) : text;
      return {
        what: t`${month} was closed twice`,
        same: t`Two consoles closed the same month with different sums while they were apart.`,
        act: t`Sign the one that counts now.`,
        go: t`See the month`,
        to: `/accounts/${text}`,
      };
    }
    case 'serial-twice':
      return {
        what: t`The device ${text} is in the book twice`,
        same: t`The same serial number was registered by two people.`,
        act: t`Read the number on the device, then correct the wrong entry.`,
        go: t`See meters and assets`,
        to: '/meters',
      };
    case 'two-versions':
      return {
        what: t`An agreement has two versions`,
        same: t`Both were written while the two consoles were apart.`,
        act: t`Sign the one you mean and decline the other.`,
        go: t`See agreements`,
        to: '/agreements',
      };
    case 'equivocation':
      return {
        what: t`One console told two stories`,
        same: t`It wrote two records under one number (${text}). Its later records do not count any more.`,
        act: t`Ask its person if the laptop was copied or lost, then take it out.`,
        go: t`See the consoles`,
        to: '/settings',
      };
  }
}
