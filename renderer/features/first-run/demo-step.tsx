import { Trans } from '@lingui/react/macro';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { useApi, useConsole } from '../../app/console-context.tsx';
import { JobProgress } from '../../app/job-progress.tsx';
import { useCommand } from '../../app/use-command.ts';
import type { JobState } from '../../app/wire.ts';
import { Button } from '../../ui/button.tsx';
import { Muted, Paper } from '../../ui/layout.tsx';
import { InlineError } from '../../ui/view.tsx';
import { Wizard } from '../../ui/wizard.tsx';
import { Brand } from './brand.tsx';
import type { StepProps } from './first-run.tsx';

/** Makes the practice village and shows how far it is. */
export function DemoStep({ go, finish, running }: StepProps & { readonly running: string | null }) {
  const { client } = useConsole();
  const api = useApi();
  const queries = useQueryClient();
  const start = useCommand(client.villages.startDemo);
  const begun = useRef(false);
  const { send } = start;
  useEffect(() => {
    if (begun.current || running !== null) return;
    begun.current = true;
    send({});
  }, [running, send]);
  const job = running ?? start.done?.job ?? null;
  const end = async (state: JobState) => {
    if (state.state !== 'done') return;
    // first the village, then the way out: without a village the gate would lead back here
    await queries.invalidateQueries({ queryKey: api.villages.key() });
    finish();
  };
  return (
    <main>
      <Wizard
        brand={<Brand />}
        title={<Trans>The practice village is being made</Trans>}
        step={2}
        of={2}
        foot={
          <Button look="quiet" onPress={() => go({ step: 'start' })}>
            <Trans>Back</Trans>
          </Button>
        }
      >
        <Paper title={<Trans>About a minute</Trans>}>
          <Muted>
            <Trans>Simulated meters are read over a real protocol. Nothing in it is real energy or real money.</Trans>
          </Muted>
          {job && <JobProgress job={job} onEnd={(state) => void end(state)} />}
          <InlineError error={start.error} />
        </Paper>
      </Wizard>
    </main>
  );
}
