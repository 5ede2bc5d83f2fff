import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { PenLine } from 'lucide-react';
import { useState } from 'react';
import { useApi, useConsole } from '../../app/console-context.tsx';
import { useCommand } from '../../app/use-command.ts';
import { useIsCoordinator, useVillage } from '../../app/village-context.tsx';
import { Button } from '../../ui/button.tsx';
import { Dialog, DialogFoot } from '../../ui/dialog.tsx';
import { useFormat } from '../../ui/format.tsx';
import { Small } from '../../ui/layout.tsx';
import { Checks } from '../../ui/marks.tsx';
import { InlineError } from '../../ui/view.tsx';
import { useCheckLines } from './check-lines.tsx';
import type { MonthView } from './month-page.tsx';
import { SignMonthDialog } from './sign-month-dialog.tsx';

/** The one next act of a month: close it, sign it, or send it. */
export function MonthAction({ view, onJob }: { readonly view: MonthView; readonly onJob: (job: string) => void }) {
  const village = useVillage();
  const coordinator = useIsCoordinator();
  const chain = useQuery(useApi().accounts.chain.queryOptions({ input: { village: village.id } }));
  if (view.state === 'open') return coordinator ? <CloseMonth view={view} onJob={onJob} /> : null;
  if (view.state === 'proposed') return <SignMonth view={view} />;
  if ((view.state === 'signed' || view.state === 'queued') && chain.data?.hereByDevice)
    return <Settle view={view} onJob={onJob} />;
  return null;
}

interface Act {
  readonly view: MonthView;
  readonly onJob: (job: string) => void;
}

function CloseMonth({ view, onJob }: Act) {
  const { t } = useLingui();
  const format = useFormat();
  const village = useVillage();
  const { client } = useConsole();
  const [asking, setAsking] = useState(false);
  const lines = useCheckLines(view);
  const close = useCommand(client.accounts.close, (done) => {
    setAsking(false);
    onJob(done.job);
  });
  const month = format.month(view.month);
  const over = view.checks.every((c) => c.code !== 'month-over' || c.ok);
  return (
    <>
      <Button onPress={() => setAsking(true)} disabled={!over}>
        <Trans>Close the month</Trans>
      </Button>
      {asking && (
        <Dialog title={t`Close ${month}`} open onClose={() => setAsking(false)}>
          <Small>
            <Trans>This names exactly which readings count. A reading that comes later goes into the next month.</Trans>
          </Small>
          <Checks lines={lines} />
          <InlineError error={close.error} />
          <DialogFoot>
            <Button look="line" onPress={() => setAsking(false)}>
              <Trans>Not now</Trans>
            </Button>
            <Button busy={close.busy} onPress={() => close.send({ village: village.id, month: view.month })}>
              <Trans>Close {month}</Trans>
            </Button>
          </DialogFoot>
        </Dialog>
      )}
    </>
  );
}

function SignMonth({ view }: { readonly view: MonthView }) {
  const [open, setOpen] = useState(false);
  const waiting = view.batch?.signers.filter((x) => x.signedAtMs === null) ?? [];
  const here = waiting.some((x) => x.keyHere);
  const next = waiting[0]?.member.name ?? '';
  if (!here)
    return (
      <Button disabled>
        <Trans>Ask {next} to sign</Trans>
      </Button>
    );
  return (
    <>
      <Button onPress={() => setOpen(true)} disabled={view.batch?.verifiedHere !== 'same'}>
        <PenLine aria-hidden />
        <Trans>Sign the month</Trans>
      </Button>
      {open && <SignMonthDialog view={view} onClose={() => setOpen(false)} />}
    </>
  );
}

function Settle({ view, onJob }: Act) {
  const village = useVillage();
  const { client } = useConsole();
  const settle = useCommand(client.accounts.settle, (done) => onJob(done.job));
  return (
    <>
      <Button busy={settle.busy} onPress={() => settle.send({ village: village.id, month: view.month })}>
        <Trans>Settle now</Trans>
      </Button>
      <InlineError error={settle.error} />
    </>
  );
}
