import { Trans, useLingui } from '@lingui/react/macro';
import { Muted } from '../ui/layout.tsx';
import { Progress } from '../ui/marks.tsx';
import { InlineError } from '../ui/view.tsx';
import { AmountText } from './amounts.tsx';
import { JobProgress } from './job-progress.tsx';
import { ReportDialog } from './report-dialog.tsx';
import type { Bringing, BringingStep } from './use-bringing.ts';

/** Where a file is on its way into the books, and the question it comes with. */
export function BringingSteps({ bringing }: { readonly bringing: Bringing }) {
  const { t } = useLingui();
  const { step } = bringing;
  return (
    <>
      {step.at === 'sending' && <Progress label={t`Reading the file`} done={step.done} of={step.of} />}
      {(step.at === 'checking' || step.at === 'taking') && (
        <JobProgress key={step.job} job={step.job} onEnd={bringing.onEnd} />
      )}
      {step.at === 'seen' && <ReportDialog report={step.report} onTake={bringing.take} onClose={bringing.leave} />}
      {step.at === 'taken' && <Taken {...step} />}
      <InlineError error={step.at === 'failed' ? step.error : null} />
    </>
  );
}

/** What came in, and what to do about the rest. */
function Taken(p: Extract<BringingStep, { at: 'taken' }>) {
  return (
    <div role="status">
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
