import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { TriangleAlert } from 'lucide-react';
import { ButtonLink } from '../../ui/button.tsx';
import { useFormat } from '../../ui/format.tsx';
import { Muted, Paper, Small, Stack } from '../../ui/layout.tsx';
import { MarkSeen } from './mark-seen.tsx';
import s from './sync.module.css';
import type { SyncStatus } from './sync.tsx';

type ChainBreak = SyncStatus['chains'][number];

/** Where what a console sealed does not go on from what it sealed before: what it means, whom to ask. */
export function ChainBreaks({ chains }: { readonly chains: readonly ChainBreak[] }) {
  const open = chains.filter((c) => !c.seen);
  const seen = chains.filter((c) => c.seen);
  return (
    <>
      {open.map((chain) => (
        <BreakPaper key={chain.id} chain={chain} />
      ))}
      {seen.length > 0 && (
        <details className={s['seen']}>
          <summary>
            <Plural value={seen.length} one="# broken chain you have seen" other="# broken chains you have seen" />
          </summary>
          <Stack>
            {seen.map((chain) => (
              <BreakPaper key={chain.id} chain={chain} />
            ))}
          </Stack>
        </details>
      )}
    </>
  );
}

function BreakPaper({ chain }: { readonly chain: ChainBreak }) {
  const format = useFormat();
  const words = useBreakWords(chain);
  const [meter] = chain.meters;
  const meters = chain.meters.map(({ name }) => name).join(', ');
  return (
    <Paper alert={!chain.seen} title={words.what} icon={<TriangleAlert size={20} color="var(--alert)" aria-hidden />}>
      <Small>{words.means}</Small>
      {chain.sides.length > 1 && (
        <div className={s['sides']}>
          {chain.sides.map((side, i) => (
            <div key={`${side.day}-${side.atMs}`} className={i === 0 ? s['side'] : s['sideHeld']}>
              <p>
                <b>{format.date(side.day)}</b>
              </p>
              <Small>
                <Trans>announced {format.moment(side.atMs)}</Trans>
              </Small>
            </div>
          ))}
        </div>
      )}
      {chain.meters.length > 0 && (
        <Small>
          {chain.moreMeters === 0 ? (
            <Trans>Meters: {meters}</Trans>
          ) : (
            <Trans>
              Meters: {meters} and {format.count(chain.moreMeters)} more
            </Trans>
          )}
        </Small>
      )}
      <p className={s['act']}>
        <span>
          <Trans>Ask its keeper what happened to that console.</Trans>
        </span>
        {meter && chain.meters.length === 1 && (
          <ButtonLink to={`/meters/${meter.id}`} look="line" small>
            <Trans>See the meter</Trans>
          </ButtonLink>
        )}
        {!chain.seen && <MarkSeen conflict={chain.id} />}
      </p>
      <Muted>
        <Trans>All that came is kept, and counts as before.</Trans>
      </Muted>
    </Paper>
  );
}

function useBreakWords({ kind, name, device, sides }: ChainBreak): { readonly what: string; readonly means: string } {
  const { t } = useLingui();
  const format = useFormat();
  const who = name ?? `…${device.slice(-6)}`;
  const day = format.date(sides[0]?.day ?? '');
  switch (kind) {
    case 'fork':
      return {
        what: t`The console of ${who} wrote readings twice`,
        means: t`These sealed days go on from the same page, so one of them was written in place of the other. Where both tell of the same hour, the one announced first counts.`,
      };
    case 'missing':
      return {
        what: t`A page of readings from the console of ${who} is missing`,
        means: t`What was sealed for ${day} does not go on from anything that console announced before. A page between was taken out, changed or refused, or has not come yet.`,
      };
    case 'foreign':
      return {
        what: t`The console of ${who} goes on from the page of another`,
        means: t`What was sealed for ${day} names a page of another console as the one before it. One of the two may be a copy.`,
      };
  }
}
