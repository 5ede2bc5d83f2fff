import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useApi } from '../../app/console-context.tsx';
import { useVillage } from '../../app/village-context.tsx';
import type { Out } from '../../app/wire.ts';
import { useFormat } from '../../ui/format.tsx';
import { Block, Muted, Stack } from '../../ui/layout.tsx';
import s from './accounts.module.css';
import type { MonthView } from './month-page.tsx';
import { stepOf } from './period-step.ts';

type Chain = Out['accounts']['chain'];

/** What happens to a signed month: queue, sent, settled, final; solid when done, dashed while it waits. */
export function ChainBlock({ view }: { readonly view: MonthView }) {
  const village = useVillage();
  const chain = useQuery(useApi().accounts.chain.queryOptions({ input: { village: village.id } }));
  const step = stepOf(view.state);
  return (
    <Block title={step < 2 ? <Trans>Then: the chain</Trans> : <Trans>The chain</Trans>}>
      <Stack>
        <Links view={view} chain={chain.data} />
        <Muted>
          <ChainWords view={view} chain={chain.data} />
        </Muted>
      </Stack>
    </Block>
  );
}

function Links({ view, chain }: { readonly view: MonthView; readonly chain: Chain | undefined }) {
  const { t } = useLingui();
  const format = useFormat();
  const step = stepOf(view.state);
  const tx = view.batch?.tx ?? null;
  const signed = step >= 2;
  return (
    <ol className={s['chain']}>
      <ChainLink
        done={step >= 1}
        name={t`Statements named`}
        second={view.batch ? short(view.batch.statementsRoot) : ''}
      />
      <ChainLink done={signed} name={t`Signed by enough`} second={view.batch ? short(view.batch.digest) : ''} />
      <ChainLink
        done={tx !== null}
        name={t`Sent to the chain`}
        second={tx ? short(tx.hash) : chain?.reachable === false ? t`no line to it now` : ''}
      />
      <ChainLink
        done={tx?.final === true}
        name={t`Final`}
        second={tx ? t`block ${format.count(tx.block)}, gas ${format.count(tx.gasUsed)}` : ''}
      />
    </ol>
  );
}

const ChainLink = (p: { readonly done: boolean; readonly name: string; readonly second: ReactNode }) => (
  <li className={p.done ? undefined : s['wait']}>
    <b>{p.name}</b>
    <span>{p.second}</span>
  </li>
);

function ChainWords({ view, chain }: { readonly view: MonthView; readonly chain: Chain | undefined }) {
  const format = useFormat();
  const month = format.month(view.month);
  switch (view.state) {
    case 'open':
    case 'proposed':
      return <Trans>No network for weeks is fine. {month} stays as signed, and goes out once.</Trans>;
    case 'signed':
    case 'queued':
      return chain && !chain.hereByDevice ? (
        <Trans>The console that holds the chain sends it, when it hears of the signatures.</Trans>
      ) : (
        <Trans>It goes out with the next line to the chain. It sends once, even after a crash.</Trans>
      );
    case 'sent':
      return <Trans>It is on its way. The receipt is written when the chain has it.</Trans>;
    case 'settled':
      return <Trans>The chain has it. It is final after a few more blocks.</Trans>;
    case 'final':
      return view.batch?.digest === chain?.head ? (
        <Trans>Final. The head of the chain is this month, byte for byte.</Trans>
      ) : (
        <Trans>Final. Nobody can change {month} any more.</Trans>
      );
  }
}

const short = (hex: string): string => (hex.length > 20 ? `${hex.slice(0, 10)}…${hex.slice(-6)}` : hex);
