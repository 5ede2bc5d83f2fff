import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { KeyRound } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'wouter';
import { useApi } from '../../app/console-context.tsx';
import { RecoverKeyDialog } from '../../app/recover-key-dialog.tsx';
import { RotateKeyDialog } from '../../app/rotate-key-dialog.tsx';
import { useIsCoordinator, useVillage } from '../../app/village-context.tsx';
import type { Out } from '../../app/wire.ts';
import { Button } from '../../ui/button.tsx';
import { Money, useFormat } from '../../ui/format.tsx';
import { Block, Columns, Facts, Mono, Muted, PageHead, Row, Stack } from '../../ui/layout.tsx';
import { Chip, People, Simulated } from '../../ui/marks.tsx';
import { StandingText } from '../../ui/standing.tsx';
import { RowName, Table } from '../../ui/table.tsx';
import { View } from '../../ui/view.tsx';
import { AGREEMENT_WORDS, type AgreementState, PERIOD_WORDS, ROLE_WORDS } from '../../ui/words.ts';
import { EditDialog } from './edit-dialog.tsx';
import s from './members.module.css';
import { RolesDialog } from './roles-dialog.tsx';

export type MemberCard = Out['members']['get'];

export function MemberPage({ member }: { readonly member: string }) {
  const { t } = useLingui();
  const village = useVillage();
  const card = useQuery(useApi().members.get.queryOptions({ input: { village: village.id, member } }));
  return (
    <View page of={card} loading={t`Reading the card`}>
      {(data) => <Card card={data} />}
    </View>
  );
}

function Card({ card }: { readonly card: MemberCard }) {
  const [open, setOpen] = useState<'edit' | 'roles' | 'rotate' | 'recover' | null>(null);
  const coordinator = useIsCoordinator();
  const close = () => setOpen(null);
  return (
    <>
      <PageHead
        crumb={{ to: '/members', text: <Trans>Members</Trans> }}
        title={card.name}
        actions={
          <>
            {(coordinator || card.isMe) && (
              <Button look="line" onPress={() => setOpen('edit')}>
                <Trans>Name and phone</Trans>
              </Button>
            )}
            {coordinator && (
              <Button look="line" onPress={() => setOpen('roles')}>
                <Trans>Change roles</Trans>
              </Button>
            )}
            {card.kind === 'person' && (
              <Button look="line" onPress={() => setOpen(card.keyHere ? 'rotate' : 'recover')}>
                <KeyRound aria-hidden />
                {card.keyHere ? <Trans>New key</Trans> : <Trans>Bring the key here</Trans>}
              </Button>
            )}
          </>
        }
      />
      <Columns shape="flipped">
        <Stack loose>
          <Who card={card} />
          <Devices card={card} />
        </Stack>
        <Stack loose>
          <Statements card={card} />
          <Lists card={card} />
        </Stack>
      </Columns>
      {open === 'edit' && <EditDialog card={card} onClose={close} />}
      {open === 'roles' && <RolesDialog card={card} onClose={close} />}
      {open === 'rotate' && <RotateKeyDialog card={card} onClose={close} />}
      {open === 'recover' && <RecoverKeyDialog people={[card]} onClose={close} />}
    </>
  );
}

function Who({ card }: { readonly card: MemberCard }) {
  const { t } = useLingui();
  const format = useFormat();
  const village = useVillage();
  const signatories = card.signatories;
  return (
    <>
      <Block title={<Trans>Balance</Trans>} extra={<Simulated on={village.simulated} />}>
        <p className={s['balance']}>
          <Money minor={card.balanceMinor} signed />
        </p>
        <Muted>
          {card.balanceMinor > 0n ? (
            <Trans>The village owes this to them.</Trans>
          ) : card.balanceMinor < 0n ? (
            <Trans>They owe this to the village.</Trans>
          ) : (
            <Trans>Nothing is owed either way.</Trans>
          )}
        </Muted>
        <Facts
          rows={[
            [t`As`, card.roles.map((r) => t(ROLE_WORDS[r])).join(', ')],
            ...(card.phone ? [[t`Phone`, card.phone] as const] : []),
            ...(card.note ? [[t`Note`, card.note] as const] : []),
            [t`Since`, format.day(card.since)],
            [t`Brought in by`, card.admittedBy],
            [t`Where it is`, <StandingText key="s" standing={card.standing} />],
            [t`On the chain`, card.address ? <Mono key="a">{card.address}</Mono> : '–'],
          ]}
        />
      </Block>
      {signatories && (
        <Block title={<Trans>Who signs for it</Trans>}>
          <Muted>
            <Trans>
              Any {signatories.threshold} of {signatories.members.length}
            </Trans>
          </Muted>
          <People
            lines={signatories.members.map((m) => ({
              key: m.id,
              name: m.name,
              second: '',
              done: true,
              action: <span />,
            }))}
          />
        </Block>
      )}
    </>
  );
}

function Devices({ card }: { readonly card: MemberCard }) {
  const { t } = useLingui();
  const format = useFormat();
  if (card.devices.length === 0) return null;
  return (
    <Block title={<Trans>Their consoles</Trans>}>
      <Stack>
        {card.devices.map((d) => (
          <Row key={d.id} between>
            <span>
              <Mono>{`${d.id.slice(0, 8)}…`}</Mono> {format.day(d.grantedAtMs)}
            </span>
            {d.revoked ? (
              <Chip look="dashed">{t`taken back`}</Chip>
            ) : (
              <Chip look="line">{d.here ? t`this laptop` : t`in use`}</Chip>
            )}
          </Row>
        ))}
      </Stack>
    </Block>
  );
}

function Statements({ card }: { readonly card: MemberCard }) {
  const { t } = useLingui();
  const format = useFormat();
  return (
    <Block title={<Trans>Statements and receipts</Trans>}>
      {card.statements.length === 0 ? (
        <Muted>
          <Trans>None yet. The first comes with the first closed month.</Trans>
        </Muted>
      ) : (
        <Table
          caption={t`Statements`}
          linked
          rowKey={(x) => x.month}
          groups={[{ key: 'all', rows: card.statements }]}
          columns={[
            {
              key: 'month',
              head: t`Month`,
              cell: (x) => <RowName to={`/accounts/${x.month}/${card.id}`} name={format.month(x.month)} />,
            },
            { key: 'net', head: t`Result`, end: true, cell: (x) => <Money minor={x.netMinor} signed /> },
            { key: 'state', head: t`State`, cell: (x) => t(PERIOD_WORDS[x.state]) },
          ]}
        />
      )}
    </Block>
  );
}

const isAgreementState = (state: string): state is AgreementState => Object.hasOwn(AGREEMENT_WORDS, state);

function Lists({ card }: { readonly card: MemberCard }) {
  const { t } = useLingui();
  const format = useFormat();
  return (
    <>
      <Block title={<Trans>Meters</Trans>}>
        {card.meterList.length === 0 ? (
          <Muted>
            <Trans>No meter measures for them.</Trans>
          </Muted>
        ) : (
          <Table
            caption={t`Meters`}
            linked
            rowKey={(m) => m.id}
            groups={[{ key: 'all', rows: card.meterList }]}
            columns={[
              { key: 'meter', head: t`Meter`, cell: (m) => <RowName to={`/meters/${m.id}`} name={m.name} /> },
              {
                key: 'month',
                head: t`This month`,
                end: true,
                cell: (m) => (m.monthWh === null ? t`no news` : format.energy(m.monthWh)),
              },
            ]}
          />
        )}
      </Block>
      <Block title={<Trans>Agreements</Trans>}>
        {card.agreementList.length === 0 ? (
          <Muted>
            <Trans>No agreement names them.</Trans>
          </Muted>
        ) : (
          <Stack>
            {card.agreementList.map((a) => (
              <Row key={a.id} between>
                <Link href={`/agreements/${a.id}`}>{a.title}</Link>
                <Chip look="line">{isAgreementState(a.state) ? t(AGREEMENT_WORDS[a.state]) : a.state}</Chip>
              </Row>
            ))}
          </Stack>
        )}
      </Block>
    </>
  );
}
