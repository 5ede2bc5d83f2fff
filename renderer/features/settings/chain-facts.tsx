import { Trans, useLingui } from '@lingui/react/macro';
import { CopyButton } from '../../ui/copy-button.tsx';
import { Block, Facts, Mono, Muted } from '../../ui/layout.tsx';
import s from './settings.module.css';
import type { VillageSettings } from './settings.tsx';

const HEAD = 10;
const TAIL = 6;
const short = (hex: string): string => `${hex.slice(0, HEAD)}…${hex.slice(-TAIL)}`;

/** Which chain and ledger the village settles on: part of every signature. */
export function ChainFacts({ chain }: { readonly chain: VillageSettings['chain'] }) {
  const { t } = useLingui();
  return (
    <Block title={<Trans>Chain</Trans>}>
      <Facts
        rows={[
          [t`Number`, String(chain.chainId)],
          [t`Ledger`, <Mono key="ledger">{short(chain.ledger)}</Mono>],
          [t`First block`, <Mono key="genesis">{short(chain.genesis)}</Mono>],
          [t`Kept`, chain.hereByDevice ? t`by this console` : t`by another console`],
        ]}
      />
      <div className={s['copy']}>
        <CopyButton text={chain.ledger} label={t`Copy the address of the ledger`} />
      </div>
      <Muted>
        <Trans>Every signature of a month names this chain and this ledger, so it counts nowhere else.</Trans>
      </Muted>
    </Block>
  );
}
