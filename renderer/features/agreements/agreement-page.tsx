import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { Check, PenLine } from 'lucide-react';
import { useState } from 'react';
import { useApi } from '../../app/console-context.tsx';
import { QrButtons } from '../../app/qr-buttons.tsx';
import { useVillage } from '../../app/village-context.tsx';
import type { Out } from '../../app/wire.ts';
import { Button } from '../../ui/button.tsx';
import { useFormat } from '../../ui/format.tsx';
import { Block, Columns, Mono, Muted, PageHead, Row, Stack } from '../../ui/layout.tsx';
import { Count, People, type PersonLine, SealWords, Simulated } from '../../ui/marks.tsx';
import { StandingText } from '../../ui/standing.tsx';
import { Loading, View } from '../../ui/view.tsx';
import { StateChip } from './agreement-list.tsx';
import s from './agreements.module.css';
import { ClauseList } from './clause-text.tsx';
import { type Clause, deriveClauses } from './clauses.ts';
import { DeclineDialog } from './decline-dialog.tsx';
import { ExampleBlock } from './example-block.tsx';
import { SignDialog } from './sign-dialog.tsx';
import { useKnown } from './use-names.ts';

export type AgreementCard = Out['agreements']['get'];
type Party = AgreementCard['parties'][number];

export function AgreementPage({ agreement }: { readonly agreement: string }) {
  const { t } = useLingui();
  const village = useVillage();
  const known = useKnown();
  const card = useQuery(useApi().agreements.get.queryOptions({ input: { village: village.id, agreement } }));
  return (
    <View page of={card} loading={t`Reading the agreement`}>
      {(data) =>
        known.ready ? (
          <Deed
            card={data}
            clauses={deriveClauses(data.terms, known.names)}
            grid={known.names.member(data.terms.grid)}
          />
        ) : (
          <Loading page text={t`Reading the names`} />
        )
      }
    </View>
  );
}

function Deed(p: { readonly card: AgreementCard; readonly clauses: readonly Clause[]; readonly grid: string }) {
  const { t } = useLingui();
  const format = useFormat();
  const village = useVillage();
  const { card, clauses } = p;
  const drafted = format.day(card.draftedAtMs);
  const author = card.draftedBy;
  return (
    <>
      <PageHead
        crumb={{ to: '/agreements', text: <Trans>Agreements</Trans> }}
        title={card.title}
        actions={
          <Row>
            <StateChip row={card} />
            <Muted>
              <Trans>
                Version {card.version}, by {author}, {drafted}, <StandingText standing={card.standing} />
              </Trans>
            </Muted>
          </Row>
        }
      />
      <Columns>
        <article className={s['deed']}>
          <div className={s['between']}>
            <p>
              <Trans>
                <b>Between</b> {card.owner.name} (owner), {card.host.name} (host), {p.grid} (grid)
              </Trans>
            </p>
            <Simulated on={village.simulated} />
          </div>
          <ClauseList clauses={clauses} />
          <p className={s['made']}>
            <Check size={20} aria-hidden />
            <Trans>
              These sentences are made from the exact bytes you sign. If one figure changes, the seal words change.
            </Trans>
          </p>
          <div className={s['seal']}>
            <Muted>{t`Seal words`}</Muted>
            <SealWords words={card.sealWords} />
            <Mono>{`${card.termsHash.slice(0, 8)}…${card.termsHash.slice(-6)}`}</Mono>
          </div>
        </article>
        <Stack>
          <Parties card={card} clauses={clauses} />
          <ExampleBlock example={card.example} owner={card.owner.name} host={card.host.name} grid={p.grid} />
        </Stack>
      </Columns>
    </>
  );
}

function Parties({ card, clauses }: { readonly card: AgreementCard; readonly clauses: readonly Clause[] }) {
  const { t } = useLingui();
  const format = useFormat();
  const [open, setOpen] = useState<'sign' | 'decline' | null>(null);
  const parts: Record<Party['part'], string> = {
    owner: t`owner`,
    host: t`host`,
    grid: t`grid provider`,
    neighbour: t`neighbour`,
  };
  const signed = card.parties.filter((p) => p.signedAtMs !== null).length;
  const lines: PersonLine[] = card.parties.map((p) => {
    const have = p.signers.filter((x) => x.signed).length;
    const wait = p.signers.filter((x) => !x.signed).map((x) => x.name);
    const names = new Intl.ListFormat(format.locale, { type: 'disjunction' }).format(wait);
    return {
      key: `${p.part}-${p.member.id}`,
      name: p.member.name,
      done: p.signedAtMs !== null,
      second:
        p.signedAtMs !== null
          ? `${parts[p.part]}, ${format.moment(p.signedAtMs)}`
          : p.needed > 1 || names !== p.member.name
            ? t`${parts[p.part]}, ${have} of ${p.needed}: ${names} signs`
            : t`${parts[p.part]}, not signed yet`,
    };
  });
  const here = card.parties.some((p) => p.signedAtMs === null && p.signers.some((x) => x.keyHere && !x.signed));
  const isOpen = card.state === 'draft' || card.state === 'offered';
  return (
    <Block title={<Trans>Signed by</Trans>} extra={<Count>{`${signed} / ${card.parties.length}`}</Count>}>
      <Stack>
        <Signers lines={lines} />
        {isOpen && here && (
          <Row>
            <Button onPress={() => setOpen('sign')} disabled={card.missing.length > 0}>
              <PenLine aria-hidden />
              <Trans>Sign</Trans>
            </Button>
            <Button look="quiet" onPress={() => setOpen('decline')}>
              <Trans>Decline</Trans>
            </Button>
          </Row>
        )}
        {isOpen && !here && (
          <Muted>
            <Trans>Nobody whose key is on this laptop has to sign. The others sign on their own consoles.</Trans>
          </Muted>
        )}
        {isOpen && <WithoutNetwork />}
      </Stack>
      {open === 'sign' && <SignDialog card={card} clauses={clauses} onClose={() => setOpen(null)} />}
      {open === 'decline' && <DeclineDialog card={card} onClose={() => setOpen(null)} />}
    </Block>
  );
}

/** Who signs on a console that no network reaches: two screens face to face. */
function WithoutNetwork() {
  return (
    <details className={s['fold']}>
      <summary>
        <Trans>Sign without a network</Trans>
      </summary>
      <ol className={s['steps']}>
        <li>
          <Trans>Show the codes here, and scan them on their laptop.</Trans>
        </li>
        <li>
          <Trans>They read the agreement there, compare the seal words aloud, and sign.</Trans>
        </li>
        <li>
          <Trans>They show their codes, and you scan them here.</Trans>
        </li>
      </ol>
      <QrButtons />
    </details>
  );
}

const MOST_LINES = 8;

/** Whoever still has to sign stands first; a long list of neighbours is folded. */
function Signers({ lines }: { readonly lines: readonly PersonLine[] }) {
  const waitingFirst = lines.toSorted((a, b) => Number(a.done) - Number(b.done));
  const rest = waitingFirst.slice(MOST_LINES);
  return (
    <>
      <People lines={waitingFirst.slice(0, MOST_LINES)} />
      {rest.length > 0 && (
        <details className={s['fold']}>
          <summary>
            <Plural value={rest.length} one="# more" other="# more" />
          </summary>
          <People lines={rest} />
        </details>
      )}
    </>
  );
}
