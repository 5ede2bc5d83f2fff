import { Trans, useLingui } from '@lingui/react/macro';
import { ButtonLink } from '../../ui/button.tsx';
import { useFormat } from '../../ui/format.tsx';
import { Chip } from '../../ui/marks.tsx';
import { MarkSeen } from './mark-seen.tsx';
import { Assurance, Matter, Side, Sides, WaysOut } from './matter.tsx';
import type { SyncStatus } from './sync.tsx';

type ChainBreak = SyncStatus['chains'][number];

/** Where a day of readings does not follow on from the one before: what it means, whom to ask, what then. */
export function BreakMatter({ chain, open }: { readonly chain: ChainBreak; readonly open: boolean }) {
  const { t } = useLingui();
  const words = useBreakWords(chain);
  return (
    <Matter title={words.what} open={open}>
      <p>{words.means}</p>
      {chain.sides.length > 1 && <BreakSides chain={chain} />}
      <BreakMeters chain={chain} />
      <WaysOut
        ways={[
          {
            key: 'known',
            when: words.harmless,
            means: t`Nothing to do. Say that you have seen it.`,
          },
          {
            key: 'unknown',
            when: t`Nobody can say why`,
            means: t`Take that console out. What it handed in so far stays as it is; what it hands in later counts nowhere. Its meters need another console.`,
            go: (
              <ButtonLink to="/settings" look="line" small>
                <Trans>Take it out in Settings</Trans>
              </ButtonLink>
            ),
          },
        ]}
      />
      <Assurance action={!chain.seen && <MarkSeen conflict={chain.id} />}>
        <Trans>All that came is kept, and counts as before.</Trans>
      </Assurance>
    </Matter>
  );
}

function BreakSides({ chain }: { readonly chain: ChainBreak }) {
  const format = useFormat();
  return (
    <Sides>
      {chain.sides.map((side, i) => (
        <Side
          key={`${side.day}-${side.atMs}`}
          held={i > 0}
          name={<Trans>Day {format.date(side.day)}</Trans>}
          chip={
            i === 0 && (
              <Chip look="ink">
                <Trans>came first</Trans>
              </Chip>
            )
          }
        >
          <p>
            <Trans>told {format.moment(side.atMs)}</Trans>
          </p>
        </Side>
      ))}
    </Sides>
  );
}

function BreakMeters({ chain }: { readonly chain: ChainBreak }) {
  const format = useFormat();
  const { meters: known, moreMeters } = chain;
  const [only] = known;
  if (only && known.length === 1 && moreMeters === 0)
    return (
      <div>
        <ButtonLink to={`/meters/${only.id}`} look="line" small>
          <Trans>See the meter {only.name}</Trans>
        </ButtonLink>
      </div>
    );
  if (known.length === 0) return null;
  const meters = known.map(({ name }) => name).join(', ');
  return (
    <p>
      {moreMeters === 0 ? (
        <Trans>Meters: {meters}</Trans>
      ) : (
        <Trans>
          Meters: {meters} and {format.count(moreMeters)} more
        </Trans>
      )}
    </p>
  );
}

interface BreakWords {
  readonly what: string;
  readonly means: string;
  /** The answer of its person after which all is well. */
  readonly harmless: string;
}

function useBreakWords({ kind, name, device, sides }: ChainBreak): BreakWords {
  const { t } = useLingui();
  const format = useFormat();
  const who = name ?? `…${device.slice(-6)}`;
  const day = format.date(sides[0]?.day ?? '');
  switch (kind) {
    case 'fork':
      return {
        what: t`The console of ${who} handed in a day of readings twice`,
        means: t`Each day of readings follows on from the day before, like pages in a bound book. Here two pages follow the same one, so one was written in place of the other. Where both tell of the same hour, the one that came first counts. Ask ${who}.`,
        harmless: t`An old copy of that laptop was put back`,
      };
    case 'missing':
      return {
        what: t`A day of readings from the console of ${who} is missing`,
        means: t`Each day of readings follows on from the day before, like pages in a bound book. The page before ${day} is not here: it is still on its way, or was taken out, changed or refused. Ask ${who}.`,
        harmless: t`The missing day is on a stick or still to come`,
      };
    case 'foreign':
      return {
        what: t`The console of ${who} goes on from the readings of another`,
        means: t`Each day of readings follows on from the day before, like pages in a bound book. The page of ${day} follows a page of another console, so one of the two may be a copy. Ask ${who}.`,
        harmless: t`That laptop took over from the other one`,
      };
  }
}
