import { Trans, useLingui } from '@lingui/react/macro';
import { Trash2, Upload } from 'lucide-react';
import { SizeText } from '../../app/amounts.tsx';
import { BringMonth } from '../../app/bring-month.tsx';
import { useConsole } from '../../app/console-context.tsx';
import { JobProgress } from '../../app/job-progress.tsx';
import { useCommand } from '../../app/use-command.ts';
import { useVillage } from '../../app/village-context.tsx';
import type { Out } from '../../app/wire.ts';
import { Button } from '../../ui/button.tsx';
import { FileChoose } from '../../ui/file-pick.tsx';
import { useFormat } from '../../ui/format.tsx';
import { Muted, Small } from '../../ui/layout.tsx';
import { Chip, Progress } from '../../ui/marks.tsx';
import { InlineError } from '../../ui/view.tsx';
import s from './sync.module.css';
import { useRemoving } from './use-removing.ts';
import { useSaving } from './use-saving.ts';

type MonthRow = Out['archive']['months']['months'][number];

/** One settled month: where it is, and the one or two things that can be done with it. */
export function OlderMonth({ month }: { readonly month: MonthRow }) {
  const format = useFormat();
  return (
    <li>
      <h3>
        {format.month(month.month)}{' '}
        {month.isSuggested && (
          <Chip>
            <Trans>older than you keep</Trans>
          </Chip>
        )}
      </h3>
      <Small>
        <Where month={month} />
      </Small>
      {month.place === 'here' ? <Here month={month} /> : <BringMonth month={month.month} />}
    </li>
  );
}

function Where({ month }: { readonly month: MonthRow }) {
  const format = useFormat();
  const { file } = month;
  const size = <SizeText bytes={month.bytes} />;
  if (file === null && month.place !== 'here')
    return (
      <Trans>
        Never was on this laptop, which started later. It comes with a file of this month, or from a console that kept
        it.
      </Trans>
    );
  if (file === null) return <Trans>About {size} here. It is in no file yet.</Trans>;
  const day = format.day(file.atMs);
  return month.place === 'here' ? (
    <Trans>
      About {size} here. Saved as <b>{file.name}</b> on {day}.
    </Trans>
  ) : (
    <Trans>
      Not on this laptop. Its readings are in <b>{file.name}</b> of {day}, <SizeText bytes={file.bytes} />.
    </Trans>
  );
}

function Here({ month }: { readonly month: MonthRow }) {
  if (month.stays === 'late-records')
    return (
      <Muted>
        <Trans>Something of it came after its close: it can go with the close after the one that settles it.</Trans>
      </Muted>
    );
  if (month.stays !== null)
    return (
      <Muted>
        <Trans>Some of its days are not here yet: it can go once they are.</Trans>
      </Muted>
    );
  return (
    <>
      {month.file !== null && <Remove month={month} />}
      <Export month={month} />
    </>
  );
}

function Export({ month }: { readonly month: MonthRow }) {
  const { t } = useLingui();
  const format = useFormat();
  const village = useVillage();
  const { client } = useConsole();
  const write = useCommand(client.archive.export);
  const save = useSaving();
  const start = () => {
    save.reset();
    write.reset();
    write.send({ village: village.id, month: month.month });
  };
  const name = format.month(month.month);
  return (
    <>
      {write.done && !save.ended && <JobProgress key={write.done.job} job={write.done.job} onEnd={save.onEnd} />}
      {save.part && <Progress label={t`Saving the file`} done={save.part.done} of={save.part.of} />}
      <InlineError error={write.error ?? save.error} />
      {save.saved && (
        <p role="status" className={s['reached']}>
          <Trans>
            <b>{save.saved}</b> is saved. Keep it in two places: without it these readings cannot come back.
          </Trans>
        </p>
      )}
      <div>
        <Button look="line" small onPress={start} busy={write.busy || (write.done !== undefined && !save.ended)}>
          <Upload aria-hidden />
          {month.file === null ? <Trans>Save {name} to a file</Trans> : <Trans>Save {name} again</Trans>}
        </Button>
      </div>
    </>
  );
}

function Remove({ month }: { readonly month: MonthRow }) {
  const { t } = useLingui();
  const name = useFormat().month(month.month);
  const village = useVillage();
  const { client } = useConsole();
  const removing = useRemoving(client, village.id, month.month);
  return (
    <>
      <Muted>
        <Trans>
          To make room, choose the saved file: it is read back and compared first, then the month goes from here.
        </Trans>
      </Muted>
      {removing.sending && <Progress label={t`Reading the file`} {...removing.sending} />}
      {removing.job && <JobProgress key={removing.job} job={removing.job} onEnd={removing.onEnd} />}
      <InlineError error={removing.error} />
      <FileChoose busy={removing.busy} onFiles={([file]) => file && removing.remove(file)}>
        <Trash2 aria-hidden />
        <Trans>Remove {name}</Trans>
      </FileChoose>
    </>
  );
}
