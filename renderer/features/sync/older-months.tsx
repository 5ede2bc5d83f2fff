import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { Archive } from 'lucide-react';
import { useState } from 'react';
import { useApi, useConsole } from '../../app/console-context.tsx';
import { useCommand } from '../../app/use-command.ts';
import { useVillage } from '../../app/village-context.tsx';
import type { Out } from '../../app/wire.ts';
import { Button } from '../../ui/button.tsx';
import { Pick } from '../../ui/field.tsx';
import { Fold } from '../../ui/fold.tsx';
import { useFormat } from '../../ui/format.tsx';
import { Muted, Small, Stack } from '../../ui/layout.tsx';
import { InlineError, LinkLostContext, View } from '../../ui/view.tsx';
import { OlderMonth } from './older-month.tsx';
import s from './sync.module.css';

type Months = Out['archive']['months'];
/** Ten years are a long list. */
const FIRST = 6;
const CHOICES = [3, 6, 13, 25, 61];

/** Room on the disk: settled months go to a file, and come back from it. */
export function OlderMonths() {
  const { t } = useLingui();
  const village = useVillage();
  const months = useQuery(useApi().archive.months.queryOptions({ input: { village: village.id } }));
  return (
    <Fold
      title={<Trans>Older months</Trans>}
      says={months.data ? <Says data={months.data} /> : <Trans>Make room on this disk</Trans>}
      icon={<Archive size={20} aria-hidden />}
    >
      <LinkLostContext value={false}>
        <View of={months} loading={t`Looking how much room the months take`}>
          {(data) => <MonthList data={data} />}
        </View>
      </LinkLostContext>
    </Fold>
  );
}

const olderOf = ({ months }: Months) => months.filter((m) => m.state === 'settled' && m.stays !== 'recent');

function Says({ data }: { readonly data: Months }) {
  const older = olderOf(data);
  const due = older.filter((m) => m.isSuggested).length;
  const away = older.filter((m) => m.place !== 'here').length;
  if (due > 0) return <Plural value={due} one="# month can go to a file" other="# months can go to files" />;
  if (away > 0) return <Plural value={away} one="# month is only in a file" other="# months are only in files" />;
  return <Trans>All are on this laptop</Trans>;
}

function MonthList({ data }: { readonly data: Months }) {
  const format = useFormat();
  const older = olderOf(data);
  const [all, setAll] = useState(false);
  const shown = all ? older : older.slice(0, FIRST);
  return (
    <Stack>
      <Small>
        <Trans>
          When the disk gets full, a settled month can go to a file on a stick or another disk. Its statements and sums
          stay here; its readings come back with the file.
        </Trans>
      </Small>
      {data.startedFrom !== null && (
        <Small>
          <Trans>
            This laptop started from the signed checkpoint of {format.month(data.startedFrom)}: enough coordinators
            signed what the village was then. Of the months before it, the readings come with their files.
          </Trans>
        </Small>
      )}
      {older.length === 0 ? (
        <Muted>
          <Trans>No month is old enough yet. The last two settled ones always stay.</Trans>
        </Muted>
      ) : (
        <ul className={s['months']}>
          {shown.map((month) => (
            <OlderMonth key={month.month} month={month} />
          ))}
        </ul>
      )}
      {shown.length < older.length && (
        <div>
          <Button look="line" small onPress={() => setAll(true)}>
            <Trans>Show all {older.length} months</Trans>
          </Button>
        </div>
      )}
      <Keep keep={data.keep} />
    </Stack>
  );
}

function Keep({ keep }: { readonly keep: number }) {
  const { t } = useLingui();
  const village = useVillage();
  const { client } = useConsole();
  const set = useCommand(client.archive.setKeep);
  const choices = [...new Set([...CHOICES, keep])].sort((a, b) => a - b);
  return (
    <>
      <Pick
        label={t`Months to keep on this laptop`}
        none={t`Choose`}
        value={String(keep)}
        onChange={(months) => set.send({ village: village.id, months: Number(months) })}
        options={choices.map((n) => ({ id: String(n), text: t`${n} months` }))}
      />
      <Muted>
        <Trans>Older ones are marked here. Nothing goes by itself.</Trans>
      </Muted>
      <InlineError error={set.error} />
    </>
  );
}
