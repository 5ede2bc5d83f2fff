import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { useApi } from '../../app/console-context.tsx';
import { useVillage } from '../../app/village-context.tsx';
import type { Out } from '../../app/wire.ts';
import { useFormat } from '../../ui/format.tsx';
import { Block, Muted } from '../../ui/layout.tsx';
import { Chip, Count } from '../../ui/marks.tsx';
import { LinkLostContext, View } from '../../ui/view.tsx';
import { PERIOD_WORDS } from '../../ui/words.ts';
import s from './sync.module.css';

type Chain = Out['accounts']['chain'];

/** Closed months on their way to the chain: each goes out once. */
export function ChainQueue() {
  const { t } = useLingui();
  const village = useVillage();
  const chain = useQuery(useApi().accounts.chain.queryOptions({ input: { village: village.id } }));
  const waiting = chain.data?.queue.length ?? 0;
  return (
    <Block title={<Trans>Months to settle</Trans>} extra={waiting > 0 ? <Count>{waiting}</Count> : undefined}>
      {/* the page says once that its core does not answer */}
      <LinkLostContext value={false}>
        <View of={chain} loading={t`Looking which months wait`}>
          {(data) => (
            <>
              <Queue queue={data.queue} />
              <Where chain={data} />
            </>
          )}
        </View>
      </LinkLostContext>
    </Block>
  );
}

function Queue({ queue }: { readonly queue: Chain['queue'] }) {
  const { t } = useLingui();
  const format = useFormat();
  if (queue.length === 0)
    return (
      <Muted>
        <Trans>No closed month waits to be paid.</Trans>
      </Muted>
    );
  return (
    <ol className={s['queue']}>
      {queue.map((entry) => (
        <li key={entry.month}>
          <Link href={`/accounts/${entry.month}`}>
            <b>{format.month(entry.month)}</b>
            <span className={s['second']}>{t(PERIOD_WORDS[entry.state])}</span>
          </Link>
          <Chip look={entry.signatures >= entry.threshold ? 'line' : 'dashed'}>
            <Trans>
              {entry.signatures} of {entry.threshold} signed
            </Trans>
          </Chip>
        </li>
      ))}
    </ol>
  );
}

function Where({ chain }: { readonly chain: Chain }) {
  return (
    <Muted>
      {chain.reachable ? (
        <Trans>The chain that pays is in reach.</Trans>
      ) : chain.hereByDevice ? (
        <Trans>
          The chain that pays is not in reach now. A signed month waits here and goes out once, even after a crash.
        </Trans>
      ) : (
        <Trans>
          Another console reaches the chain that pays. A signed month goes out from there when the two have met.
        </Trans>
      )}
    </Muted>
  );
}
