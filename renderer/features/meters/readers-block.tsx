import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'wouter';
import { useApi, useConsole } from '../../app/console-context.tsx';
import { useCommand } from '../../app/use-command.ts';
import { useVillage } from '../../app/village-context.tsx';
import type { Out } from '../../app/wire.ts';
import { Button } from '../../ui/button.tsx';
import { useFormat } from '../../ui/format.tsx';
import { Block, Muted, Small, Stack, Tiny } from '../../ui/layout.tsx';
import { InlineError, View } from '../../ui/view.tsx';
import { GiveDialog } from './give-dialog.tsx';
import s from './meters.module.css';

export type Readers = Out['grants']['get'];
type Reason = Readers['readers'][number]['reasons'][number];

/** A meter with its readings, or an asset with its sealed fields. */
export interface ReadThing {
  readonly kind: 'meter' | 'asset';
  readonly id: string;
  readonly name: string;
  /** Whose it is, who needs no leave; null: the village's. */
  readonly owner: string | null;
}

/** Who opens this and why; its owner lets others read for a time and takes it back. */
export function ReadersBlock({ thing }: { readonly thing: ReadThing }) {
  const { t } = useLingui();
  const village = useVillage();
  const readers = useQuery(useApi().grants.get.queryOptions({ input: { village: village.id, thing: thing.id } }));
  const [giving, setGiving] = useState(false);
  return (
    <Block
      title={thing.kind === 'meter' ? <Trans>Who can read this meter</Trans> : <Trans>Who can read more of it</Trans>}
      extra={
        (readers.data?.signers.length ?? 0) > 0 && (
          <Button look="quiet" onPress={() => setGiving(true)}>
            <Plus aria-hidden />
            <Trans>Let someone read</Trans>
          </Button>
        )
      }
    >
      <View of={readers} loading={t`Reading who may read`}>
        {(data) => (
          <Stack>
            <ReaderTable data={data} />
            <Muted>
              {thing.kind === 'meter' ? (
                <Trans>
                  Whoever could read a day keeps that day. What is measured after they stop, they cannot open.
                </Trans>
              ) : (
                <Trans>
                  Everyone in the village reads its name, kind, size and district. What somebody read stays with them.
                </Trans>
              )}
            </Muted>
            <GrantLog log={data.log} />
            {giving && <GiveDialog thing={thing} signers={data.signers} onClose={() => setGiving(false)} />}
          </Stack>
        )}
      </View>
    </Block>
  );
}

function ReaderTable({ data }: { readonly data: Readers }) {
  const { t } = useLingui();
  const village = useVillage();
  const { client } = useConsole();
  const revoke = useCommand(client.grants.revoke);
  const grantOf = (reasons: readonly Reason[]) =>
    reasons.flatMap((r) => (r.kind === 'grant' && r.mayRevoke ? [r.grant] : []))[0];
  return (
    <>
      <ul className={s['readers']} aria-label={t`Who can read`}>
        {data.readers.map(({ member, reasons, level }) => {
          const grant = grantOf(reasons);
          return (
            <li key={member.id}>
              <Link href={`/members/${member.id}`}>{member.name}</Link>
              <span className={s['why']}>
                {reasons.map((reason) => (
                  <span key={reason.kind === 'grant' ? reason.grant : reason.kind}>
                    <ReasonText reason={reason} />
                  </span>
                ))}
                {level === 'private' && <Tiny>{t`Serial number, exact place, contract`}</Tiny>}
                {level === 'shared' && <Tiny>{t`Serial number`}</Tiny>}
              </span>
              {grant !== undefined && (
                <span className={s['takeBack']}>
                  <Button
                    look="line"
                    small
                    label={t`Take back from ${member.name}`}
                    busy={revoke.busy}
                    onPress={() => revoke.send({ village: village.id, grant })}
                  >
                    <Trans>Take back</Trans>
                  </Button>
                </span>
              )}
            </li>
          );
        })}
      </ul>
      <InlineError error={revoke.error} />
    </>
  );
}

function ReasonText({ reason }: { readonly reason: Reason }) {
  const format = useFormat();
  switch (reason.kind) {
    case 'household':
      return <Trans>It is their meter</Trans>;
    case 'owner':
      return <Trans>Owner</Trans>;
    case 'host':
      return <Trans>Host</Trans>;
    case 'coordinator':
      return <Trans>Coordinator</Trans>;
    case 'agreement':
      return <Link href={`/agreements/${reason.agreement}`}>{reason.title}</Link>;
    case 'grant': {
      const day = format.day(reason.untilMs - 1);
      return <Trans>Until {day}</Trans>;
    }
  }
}

function GrantLog({ log }: { readonly log: Readers['log'] }) {
  const format = useFormat();
  if (log.length === 0) return null;
  return (
    <details className={s['log']}>
      <summary>
        <Trans>What was given and taken back</Trans>
      </summary>
      <ul>
        {log.map((line) => (
          <li key={`${line.grant}-${line.what}`}>
            <Small>
              {format.day(line.atMs)}: <LogText line={line} />
            </Small>
          </li>
        ))}
      </ul>
    </details>
  );
}

function LogText({ line }: { readonly line: Readers['log'][number] }) {
  const format = useFormat();
  const [by, to, purpose] = [line.by.name, line.to.name, line.purpose];
  const until = format.day(line.untilMs - 1);
  switch (line.what) {
    case 'given':
      return line.level === 'private' ? (
        <Trans>
          {by} let {to} read place and contract too until {until}. For: {purpose}
        </Trans>
      ) : (
        <Trans>
          {by} let {to} read until {until}. For: {purpose}
        </Trans>
      );
    case 'revoked':
      return (
        <Trans>
          {by} took it back from {to}.
        </Trans>
      );
    case 'ended':
      return <Trans>It ended for {to}.</Trans>;
  }
}
