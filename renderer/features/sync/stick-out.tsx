import { Trans, useLingui } from '@lingui/react/macro';
import { Upload } from 'lucide-react';
import { AmountText, SizeText } from '../../app/amounts.tsx';
import { useConsole } from '../../app/console-context.tsx';
import { JobProgress } from '../../app/job-progress.tsx';
import { useCommand } from '../../app/use-command.ts';
import { useVillage } from '../../app/village-context.tsx';
import { Button } from '../../ui/button.tsx';
import { Pick } from '../../ui/field.tsx';
import { useFormat } from '../../ui/format.tsx';
import { Muted, Small } from '../../ui/layout.tsx';
import { Progress } from '../../ui/marks.tsx';
import { InlineError } from '../../ui/view.tsx';
import type { StickNews } from './stick.tsx';
import { defaultReader, EVERYBODY, type Reader, readersOf } from './stick-readers.ts';
import s from './sync.module.css';
import { useSaving } from './use-saving.ts';

/** Writes a file: for one console what it lacks, or everything for whoever comes. */
export function StickOut(p: {
  readonly news: StickNews;
  /** Whom the file is for; null: whoever needs it most. */
  readonly chosen: string | null;
  readonly onChoose: (id: string) => void;
}) {
  const { news, chosen } = p;
  const { t } = useLingui();
  const village = useVillage();
  const { client } = useConsole();
  const readers = readersOf(news);
  const reader = readers.find((r) => r.id === chosen) ?? defaultReader(readers);
  const write = useCommand(client.bundles.export);
  const save = useSaving();
  const nameOf = (r: Reader): string =>
    r.id === EVERYBODY ? t`Everyone: the whole village` : (r.name ?? t`A console not known yet, …${r.id.slice(-6)}`);
  const start = () => {
    save.reset();
    write.reset();
    write.send({ village: village.id, since: sinceOf(reader) });
  };
  return (
    <div className={s['stick']}>
      <h3>
        <Trans>Take to others</Trans>
      </h3>
      {readers.length > 1 && (
        <Pick
          label={t`For`}
          none={t`Choose`}
          value={reader.id}
          onChange={p.onChoose}
          options={readers.map((r) => ({ id: r.id, text: nameOf(r) }))}
        />
      )}
      <Small>
        <Carries reader={reader} />
      </Small>
      {write.done && !save.saved && <JobProgress key={write.done.job} job={write.done.job} onEnd={save.onEnd} />}
      {save.part && <Progress label={t`Saving the file`} done={save.part.done} of={save.part.of} />}
      <InlineError error={write.error ?? save.error} />
      {save.saved && (
        <p role="status" className={s['reached']}>
          <Trans>
            <b>{save.saved}</b> is saved. Put it on the stick; over there it is read under Sync.
          </Trans>
        </p>
      )}
      <div>
        <Button onPress={start} busy={write.busy || (write.done !== undefined && !save.ended)}>
          <Upload aria-hidden />
          <Trans>Copy to stick</Trans>
        </Button>
      </div>
      {news.lastOut && <LastOut last={news.lastOut} />}
    </div>
  );
}

const sinceOf = (reader: Reader) =>
  reader.id === EVERYBODY ? ({ from: 'start' } as const) : ({ from: 'console', device: reader.id } as const);

function Carries({ reader }: { readonly reader: Reader }) {
  const format = useFormat();
  const { lacks, toldAtMs } = reader;
  const amount = <AmountText entries={lacks.entries} days={lacks.days} />;
  const size = <SizeText bytes={lacks.bytes} />;
  if (lacks.entries + lacks.days === 0)
    return <Trans>Has everything that is here. A file still brings back the answer.</Trans>;
  if (toldAtMs === null)
    return (
      <Trans>
        {amount}, about {size}.
      </Trans>
    );
  const day = format.day(toldAtMs);
  return reader.byFile ? (
    <Trans>
      {amount} since their stick of {day}, about {size}.
    </Trans>
  ) : (
    <Trans>
      {amount} since you were linked on {day}, about {size}.
    </Trans>
  );
}

function LastOut({ last }: { readonly last: NonNullable<StickNews['lastOut']> }) {
  const format = useFormat();
  const day = format.day(last.atMs);
  const { name } = last;
  return (
    <Muted>
      {name === null ? (
        <Trans>Last on {day}.</Trans>
      ) : (
        <Trans>
          Last on {day}, for {name}.
        </Trans>
      )}
    </Muted>
  );
}
