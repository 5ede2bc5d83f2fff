import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { Building2, Plus, UserPlus } from 'lucide-react';
import { useApi } from '../../app/console-context.tsx';
import { useIsCoordinator, useNowMs, useVillage } from '../../app/village-context.tsx';
import type { Out } from '../../app/wire.ts';
import { ButtonLink } from '../../ui/button.tsx';
import { useFormat } from '../../ui/format.tsx';
import { PageHead } from '../../ui/layout.tsx';
import { Avatar, Simulated } from '../../ui/marks.tsx';
import { StandingText } from '../../ui/standing.tsx';
import { RowName, Table } from '../../ui/table.tsx';
import { Empty, View } from '../../ui/view.tsx';
import { ROLE_WORDS } from '../../ui/words.ts';

type Row = Out['members']['list']['members'][number];

export function MemberList() {
  const { t } = useLingui();
  const village = useVillage();
  const coordinator = useIsCoordinator();
  const list = useQuery(useApi().members.list.queryOptions({ input: { village: village.id } }));
  return (
    <>
      <PageHead
        title={<Trans>Members</Trans>}
        actions={
          coordinator && (
            <>
              <ButtonLink to="/members/add-organisation" look="quiet">
                <Building2 aria-hidden />
                <Trans>Add an organisation</Trans>
              </ButtonLink>
              <ButtonLink to="/members/invite" look="line">
                <UserPlus aria-hidden />
                <Trans>Invite</Trans>
              </ButtonLink>
              <ButtonLink to="/members/add">
                <Plus aria-hidden />
                <Trans>Add a member</Trans>
              </ButtonLink>
            </>
          )
        }
      />
      <View
        of={list}
        loading={t`Reading the members`}
        empty={{
          when: (x) => x.members.length === 0,
          show: (
            <Empty
              title={<Trans>No member yet</Trans>}
              action={
                <ButtonLink to="/members/add">
                  <Trans>Add the first member</Trans>
                </ButtonLink>
              }
            >
              <Trans>A member signs with a PIN of their own, here or on their own laptop.</Trans>
            </Empty>
          ),
        }}
      >
        {(data) => <Rows rows={data.members} simulated={village.simulated} />}
      </View>
    </>
  );
}

function Rows({ rows, simulated }: { readonly rows: readonly Row[]; readonly simulated: boolean }) {
  const { t } = useLingui();
  const format = useFormat();
  const nowMs = useNowMs();
  return (
    <>
      <Simulated on={simulated} />
      <Table
        caption={t`Members`}
        linked
        rowKey={(m) => m.id}
        groups={[{ key: 'all', rows }]}
        columns={[
          {
            key: 'member',
            head: t`Member`,
            cell: (m) => (
              <RowName
                mark={<Avatar name={m.name} waiting={!m.keyHere} />}
                to={`/members/${m.id}`}
                name={m.isMe ? t`${m.name} (you)` : m.name}
                second={m.roles.map((r) => t(ROLE_WORDS[r])).join(', ')}
              />
            ),
          },
          {
            key: 'balance',
            head: t`Balance, ${format.currency.code}`,
            end: true,
            cell: (m) => <b>{format.minor(m.balanceMinor, true)}</b>,
          },
          { key: 'meters', head: t`Meters`, end: true, wideOnly: true, cell: (m) => format.count(m.meters) },
          {
            key: 'agreements',
            head: t`Agreements`,
            end: true,
            wideOnly: true,
            cell: (m) => format.count(m.agreements),
          },
          {
            key: 'heard',
            head: t`Heard`,
            cell: (m) =>
              m.lastHeardAtMs !== null
                ? format.age(nowMs - m.lastHeardAtMs)
                : m.keyHere
                  ? t`on this laptop`
                  : t`not yet`,
          },
          { key: 'key', head: t`Signs`, wideOnly: true, cell: (m) => (m.keyHere ? t`here` : t`on their own console`) },
          {
            key: 'standing',
            head: t`Where it is`,
            wideOnly: true,
            cell: (m) => <StandingText standing={m.standing} />,
          },
        ]}
      />
    </>
  );
}
