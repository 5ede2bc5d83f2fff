import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { ButtonLink } from '../../ui/button.tsx';
import { useFormat } from '../../ui/format.tsx';
import { Small } from '../../ui/layout.tsx';
import { Chip } from '../../ui/marks.tsx';
import { SOURCE_WORDS } from '../../ui/words.ts';
import { readBook } from './book-words.ts';
import { MarkSeen } from './mark-seen.tsx';
import { Assurance, Matter, Side, Sides, type WayOut, WaysOut } from './matter.tsx';
import type { SyncStatus } from './sync.tsx';

type Conflict = SyncStatus['conflicts'][number];
type ConflictSide = Conflict['counts'];

/** Two records that cannot both count: both sides, which one counts now, and what each decision brings. */
export function ConflictMatter({ conflict, open }: { readonly conflict: Conflict; readonly open: boolean }) {
  const words = useConflictWords(conflict);
  const { isDecided, seen } = conflict;
  return (
    <Matter title={words.what} open={open}>
      <p>{words.why}</p>
      <Sides>
        <ConflictSidePart side={conflict.counts} counts />
        <ConflictSidePart side={conflict.onHold} counts={false} />
      </Sides>
      {isDecided ? (
        <p>
          <b>
            <Trans>Decided: enough coordinators signed the one that counts. Nothing is left to do.</Trans>
          </b>
        </p>
      ) : (
        <WaysOut ways={words.ways} />
      )}
      <Assurance action={!seen && !isDecided && <MarkSeen conflict={conflict.id} />}>
        <Trans>Both entries stay in the book.</Trans>
      </Assurance>
    </Matter>
  );
}

function ConflictSidePart({ side, counts }: { readonly side: ConflictSide; readonly counts: boolean }) {
  const format = useFormat();
  const chip = counts ? (
    <Chip look="ink">
      <Trans>counts now</Trans>
    </Chip>
  ) : (
    <Chip look="dashed">
      <Trans>on hold</Trans>
    </Chip>
  );
  return (
    <Side held={!counts} name={side.by ?? <Trans>A console not known here</Trans>} chip={chip}>
      {side.close && <CloseFacts close={side.close} />}
      {side.asset && <AssetFacts asset={side.asset} />}
      <Small>
        {side.atMs === null ? <Trans>not known when</Trans> : <Trans>written {format.moment(side.atMs)}</Trans>}
      </Small>
    </Side>
  );
}

function CloseFacts({ close }: { readonly close: NonNullable<ConflictSide['close']> }) {
  const format = useFormat();
  const { signatures, threshold } = close;
  return (
    <>
      <p>
        <Trans>
          <b>{format.money(close.paidMinor)}</b> change hands
        </Trans>
      </p>
      <p>
        <Plural value={threshold} one={`${signatures} of # signature`} other={`${signatures} of # signatures`} />
      </p>
    </>
  );
}

function AssetFacts({ asset }: { readonly asset: NonNullable<ConflictSide['asset']> }) {
  const { t } = useLingui();
  const format = useFormat();
  const { owner } = asset;
  return (
    <>
      <p>
        <b>{t(SOURCE_WORDS[asset.source])}</b>, {format.power(asset.capacityW)}
      </p>
      {owner !== null && (
        <p>
          <Trans>belongs to {owner}</Trans>
        </p>
      )}
    </>
  );
}

interface ConflictWords {
  readonly what: string;
  readonly why: string;
  readonly ways: readonly WayOut[];
}

function useConflictWords(conflict: Conflict): ConflictWords {
  const closes = useCloseWords(conflict);
  const assets = useAssetWords(conflict);
  const stories = useStoryWords(conflict);
  return { 'two-closes': closes, 'serial-twice': assets, equivocation: stories }[conflict.kind];
}

function useCloseWords({ about }: Conflict): ConflictWords {
  const { t } = useLingui();
  const format = useFormat();
  const month = /^\d{4}-\d{2}$/.test(about) ? format.month(about) : about;
  return {
    what: t`${month} was closed twice`,
    why: t`Two consoles closed the same month with different sums while they were apart.`,
    ways: [
      {
        key: 'sign',
        when: t`Everything both know is here now`,
        means: t`Open the month. This laptop adds it up itself and lets you sign the one it comes to. Once enough have signed, that one is paid; the other pays nobody.`,
        go: (
          <ButtonLink to={`/accounts/${about}`} small>
            <Trans>Open {month}</Trans>
          </ButtonLink>
        ),
      },
      {
        key: 'wait',
        when: t`The other console still has more`,
        means: t`Let the two meet first, or carry a stick. Compare under “Same on both?”, then sign. Waiting changes nothing.`,
      },
    ],
  };
}

function useAssetWords({ about }: Conflict): ConflictWords {
  const { t } = useLingui();
  return {
    what: t`The number ${about} is in the book twice`,
    why: t`Two consoles registered a device with the same serial number while they were apart.`,
    ways: [
      {
        key: 'same',
        when: t`It is one device, typed twice`,
        means: t`Leave it: the one that counts now goes on counting, the other earns nothing. Say that you have seen it.`,
      },
      {
        key: 'other',
        when: t`They are two devices`,
        means: t`Read the number on the second one, and add it with its right number. It counts from then on.`,
        go: (
          <ButtonLink to="/meters/add-asset" look="line" small>
            <Trans>Add it with the right number</Trans>
          </ButtonLink>
        ),
      },
    ],
  };
}

function useStoryWords({ about, counts }: Conflict): ConflictWords {
  const { t } = useLingui();
  const format = useFormat();
  const book = readBook(about.split(' ')[0] ?? '');
  const name = book.name ? t(book.name) : about;
  const where = book.month ? `${name}, ${format.month(book.month)}` : name;
  const who = counts.by ?? t`somebody not known here`;
  return {
    what: t`A console of ${who} told two stories`,
    why: t`It wrote two different records in one place of the book (${where}). It is stopped: its later records do not count.`,
    ways: [
      {
        key: 'lost',
        when: t`The laptop was lost, stolen or copied`,
        means: t`Take that console out. What others had seen of it stays and counts; what it writes from now on counts nowhere.`,
        go: (
          <ButtonLink to="/settings" small>
            <Trans>Take it out in Settings</Trans>
          </ButtonLink>
        ),
      },
      {
        key: 'backup',
        when: t`${who} still has it, and an old copy was put back`,
        means: t`On that laptop, make it a new device: Gridpact offers it there. It then writes on under a key of its own.`,
      },
    ],
  };
}
