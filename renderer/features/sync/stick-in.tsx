import { Trans, useLingui } from '@lingui/react/macro';
import { Download } from 'lucide-react';
import { useConsole } from '../../app/console-context.tsx';
import { JobProgress } from '../../app/job-progress.tsx';
import { useVillage } from '../../app/village-context.tsx';
import { FileChoose } from '../../ui/file-pick.tsx';
import { useFormat } from '../../ui/format.tsx';
import { Muted, Small } from '../../ui/layout.tsx';
import { Progress } from '../../ui/marks.tsx';
import { InlineError } from '../../ui/view.tsx';
import { AmountText } from './amounts.tsx';
import { ReportDialog } from './report-dialog.tsx';
import type { StickNews } from './stick.tsx';
import s from './sync.module.css';
import { useBringing } from './use-bringing.ts';

/** Reads a file: it is looked at first, and taken in when the person says so. */
export function StickIn({ last }: { readonly last: StickNews['lastIn'] }) {
  const { t } = useLingui();
  const village = useVillage();
  const { client } = useConsole();
  const bringing = useBringing(client, village.id);
  const { step } = bringing;
  return (
    <div className={s['stick']}>
      <h3>
        <Trans>Bring in</Trans>
      </h3>
      <Small>{last ? <LastIn last={last} /> : <Trans>Choose the file on the stick. It is checked first.</Trans>}</Small>
      {step.at === 'sending' && <Progress label={t`Reading the file`} done={step.done} of={step.of} />}
      {(step.at === 'checking' || step.at === 'taking') && (
        <JobProgress key={step.job} job={step.job} onEnd={bringing.onEnd} />
      )}
      {step.at === 'taken' && <Taken {...step} />}
      <InlineError error={step.at === 'failed' ? step.error : null} />
      <FileChoose busy={bringing.busy} onFiles={([file]) => file && bringing.bring(file)}>
        <Download aria-hidden />
        <Trans>Read stick</Trans>
      </FileChoose>
      {step.at === 'seen' && <ReportDialog report={step.report} onTake={bringing.take} onClose={bringing.leave} />}
    </div>
  );
}

function LastIn({ last }: { readonly last: NonNullable<StickNews['lastIn']> }) {
  const format = useFormat();
  const day = format.day(last.atMs);
  const amount = <AmountText entries={last.entries} days={last.days} />;
  const { name } = last;
  return name === null ? (
    <Trans>
      Last on {day}: {amount}.
    </Trans>
  ) : (
    <Trans>
      Last on {day}, from {name}: {amount}.
    </Trans>
  );
}

/** What came in, and what to do about the rest. */
export function Taken(p: { readonly joined: number; readonly days: number; readonly waiting: number }) {
  return (
    <div role="status" className={s['reached']}>
      <p>
        <b>
          {p.joined + p.days === 0 ? (
            <Trans>Everything in the file was here already.</Trans>
          ) : (
            <Trans>
              In the book now: <AmountText entries={p.joined} days={p.days} />.
            </Trans>
          )}
        </b>
      </p>
      {p.waiting > 0 && (
        <Muted>
          <Trans>
            {p.waiting} records follow others that are not here. Copy a stick here, have it read over there, and the
            next one from there holds exactly what is missing.
          </Trans>
        </Muted>
      )}
    </div>
  );
}
