import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { Check, PenLine, TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import { useApi } from '../../app/console-context.tsx';
import { InFile } from '../../app/in-file.tsx';
import { useNowMs, useVillage } from '../../app/village-context.tsx';
import type { Out } from '../../app/wire.ts';
import { Button } from '../../ui/button.tsx';
import { useFormat } from '../../ui/format.tsx';
import { Block, Columns, Facts, Mono, Muted, PageHead, Row, Small, Stack } from '../../ui/layout.tsx';
import { Chip, Simulated, Trust } from '../../ui/marks.tsx';
import { Table } from '../../ui/table.tsx';
import { View } from '../../ui/view.tsx';
import { METER_KIND_WORDS, TRUST_WORDS } from '../../ui/words.ts';
import { FlagList } from './flag-list.tsx';
import { HandReading } from './hand-reading.tsx';
import { MeterChart } from './meter-chart.tsx';
import { isOld, MeterMark } from './meter-list.tsx';
import s from './meters.module.css';
import { usePowerWords } from './power-words.ts';
import { ReadersBlock } from './readers-block.tsx';

export type MeterCard = Out['meters']['get'];

export function MeterPage({ meter }: { readonly meter: string }) {
  const { t } = useLingui();
  const village = useVillage();
  const card = useQuery(useApi().meters.get.queryOptions({ input: { village: village.id, meter } }));
  const [writing, setWriting] = useState(false);
  return (
    <View page of={card} loading={t`Reading the meter`}>
      {(data) => (
        <>
          <PageHead
            crumb={{ to: '/meters', text: <Trans>Meters and assets</Trans> }}
            title={
              <Row>
                <MeterMark row={data} />
                {data.name}
              </Row>
            }
            actions={
              <Button look="line" onPress={() => setWriting(true)}>
                <PenLine aria-hidden />
                <Trans>Write a reading by hand</Trans>
              </Button>
            }
          />
          <Columns shape="flipped">
            <Stack loose>
              <Now card={data} />
              <TrustBlock card={data} />
              <ReadersBlock thing={{ kind: 'meter', id: data.id, name: data.name, owner: data.member?.id ?? null }} />
            </Stack>
            <Stack>
              <MeterChart card={data} />
              <FlagList key={data.id} card={data} />
              <EvidenceList card={data} />
            </Stack>
          </Columns>
          {writing && <HandReading card={data} onClose={() => setWriting(false)} />}
        </>
      )}
    </View>
  );
}

function Now({ card }: { readonly card: MeterCard }) {
  const { t } = useLingui();
  const format = useFormat();
  const nowMs = useNowMs();
  const { last, address } = card;
  const age = last ? format.age(nowMs - last.atMs) : '';
  const registerWh = card.kind === 'generation' ? (last?.exportWh ?? last?.importWh) : last?.importWh;
  const register = registerWh == null ? '–' : format.energy(registerWh, 3);
  const power = usePowerWords();
  return (
    <Block title={<Trans>Now</Trans>} extra={<Simulated on={card.simulated} />}>
      <p className={s['now']}>{!last || isOld(card, nowMs) ? t`No news` : power(card.kind, last.powerW)}</p>
      <Small>
        {last ? (
          <Trans>
            Heard <b>{age}</b> ago. Register <b>{register}</b>.
          </Trans>
        ) : (
          <Trans>Not heard yet.</Trans>
        )}
      </Small>
      <Facts
        rows={[
          [t`Measures`, t(METER_KIND_WORDS[card.kind])],
          [t`Member`, card.member?.name ?? '–'],
          [t`Limit`, format.power(card.limitW)],
          [t`Serial`, card.serial ?? '–'],
          [t`Model`, [card.manufacturer, card.modelName].filter(Boolean).join(' ') || '–'],
          [t`Address`, address ? `${address.host}:${address.port}, ${address.unit}` : t`read on another console`],
          [t`Since`, format.day(card.since)],
        ]}
      />
    </Block>
  );
}

function TrustBlock({ card }: { readonly card: MeterCard }) {
  const { t } = useLingui();
  const { week } = card;
  const heard = week.measuredHours;
  const all = week.measuredHours + week.gapHours;
  return (
    <Block title={<Trans>Trust</Trans>} extra={<Trust level={card.trust} />}>
      <Small>
        <b>{t(TRUST_WORDS[card.trust].name)}</b> {t(TRUST_WORDS[card.trust].means)}
      </Small>
      <Muted>
        <Trans>
          Heard in {heard} of {all} hours of the last seven days.
        </Trans>
      </Muted>
    </Block>
  );
}

const FIRST_DAYS = 7;

function EvidenceList({ card }: { readonly card: MeterCard }) {
  const { t } = useLingui();
  const [all, setAll] = useState(false);
  const format = useFormat();
  const signer = { gateway: t`gateway`, meter: t`the meter`, import: t`nobody, brought in` };
  return (
    <Block
      title={<Trans>Evidence</Trans>}
      extra={
        card.evidence.length > FIRST_DAYS && (
          <Button look="quiet" onPress={() => setAll(!all)}>
            {all ? <Trans>Show the last days</Trans> : <Trans>Show all {card.evidence.length} days</Trans>}
          </Button>
        )
      }
    >
      <InFile of={card.inFile} />
      {card.evidence.length === 0 && card.inFile === null ? (
        <Muted>
          <Trans>No day is sealed yet. The first one is sealed after midnight.</Trans>
        </Muted>
      ) : (
        <Table
          caption={t`Sealed days`}
          dense
          rowKey={(e) => `${e.day}-${e.segment}`}
          groups={[{ key: 'days', rows: all ? card.evidence : card.evidence.slice(0, FIRST_DAYS) }]}
          columns={[
            { key: 'day', head: t`Day`, cell: (e) => format.date(e.day) },
            { key: 'hours', head: t`Hours`, end: true, cell: (e) => t`${e.hours} of 24` },
            { key: 'signer', head: t`Signed by`, cell: (e) => `${signer[e.signer]}: ${e.gateway}` },
            { key: 'trust', head: t`Trust`, wideOnly: true, cell: (e) => <Trust level={e.trust} /> },
            {
              key: 'checked',
              head: t`Checked here`,
              cell: (e) => <Checked day={e} />,
            },
            { key: 'segment', head: t`Sealed page`, wideOnly: true, cell: (e) => <Mono>{shorten(e.segment)}</Mono> },
          ]}
        />
      )}
    </Block>
  );
}

function Checked({ day }: { readonly day: MeterCard['evidence'][number] }) {
  const { t } = useLingui();
  const breaks = {
    fork: t`written twice`,
    missing: t`page before it missing`,
    foreign: t`goes on from another console`,
  };
  if (day.verified && day.chainBreak === null) return <Check size={18} aria-label={t`yes`} />;
  return (
    <Chip look="bad">
      <TriangleAlert aria-hidden />
      {day.verified && day.chainBreak !== null ? breaks[day.chainBreak] : t`no`}
    </Chip>
  );
}

const shorten = (text: string): string => (text.length > 16 ? `${text.slice(0, 8)}…${text.slice(-6)}` : text);
