import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { FileText, Plus } from 'lucide-react';
import { useApi } from '../../app/console-context.tsx';
import { useVillage } from '../../app/village-context.tsx';
import type { Out } from '../../app/wire.ts';
import { ButtonLink } from '../../ui/button.tsx';
import { useFormat } from '../../ui/format.tsx';
import { PageHead } from '../../ui/layout.tsx';
import { Chip } from '../../ui/marks.tsx';
import { StandingText } from '../../ui/standing.tsx';
import { RowName, Table } from '../../ui/table.tsx';
import { Empty, View } from '../../ui/view.tsx';
import { AGREEMENT_WORDS } from '../../ui/words.ts';

type Row = Out['agreements']['list']['agreements'][number];

export function AgreementList() {
  const { t } = useLingui();
  const village = useVillage();
  const list = useQuery(useApi().agreements.list.queryOptions({ input: { village: village.id } }));
  return (
    <>
      <PageHead
        title={<Trans>Agreements</Trans>}
        lead={<Trans>An agreement counts when everyone it names has signed the same words.</Trans>}
        actions={
          <ButtonLink to="/agreements/new">
            <Plus aria-hidden />
            <Trans>New agreement</Trans>
          </ButtonLink>
        }
      />
      <View
        of={list}
        loading={t`Reading the agreements`}
        empty={{
          when: (x) => x.agreements.length === 0,
          show: (
            <Empty
              title={<Trans>No agreement yet</Trans>}
              action={
                <ButtonLink to="/agreements/new">
                  <Trans>Write the first one</Trans>
                </ButtonLink>
              }
            >
              <Trans>Without one, energy is measured but no money moves.</Trans>
            </Empty>
          ),
        }}
      >
        {(data) => <Rows rows={data.agreements} />}
      </View>
    </>
  );
}

function Rows({ rows }: { readonly rows: readonly Row[] }) {
  const { t } = useLingui();
  const format = useFormat();
  return (
    <Table
      caption={t`Agreements`}
      linked
      rowKey={(a) => a.id}
      groups={[{ key: 'all', rows }]}
      columns={[
        {
          key: 'title',
          head: t`Agreement`,
          cell: (a) => (
            <RowName
              mark={<FileText size={18} aria-hidden />}
              to={`/agreements/${a.id}`}
              name={a.title}
              second={t`${a.owner.name} to ${a.host.name}`}
            />
          ),
        },
        { key: 'state', head: t`State`, cell: (a) => <StateChip row={a} /> },
        { key: 'signed', head: t`Signed`, cell: (a) => t`${a.signed} of ${a.mustSign}` },
        {
          key: 'term',
          head: t`From and until`,
          wideOnly: true,
          cell: (a) => `${format.month(a.from)} – ${format.month(a.until)}`,
        },
        { key: 'standing', head: t`Where it is`, wideOnly: true, cell: (a) => <StandingText standing={a.standing} /> },
      ]}
    />
  );
}

export function StateChip({ row }: { readonly row: Pick<Row, 'state' | 'waitsForHere'> }) {
  const { t } = useLingui();
  if (row.waitsForHere) return <Chip look="bad">{t`sign here`}</Chip>;
  return (
    <Chip look={row.state === 'active' ? 'ink' : row.state === 'draft' ? 'dashed' : 'line'}>
      {t(AGREEMENT_WORDS[row.state])}
    </Chip>
  );
}
