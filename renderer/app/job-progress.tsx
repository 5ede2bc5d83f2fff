import { Trans, useLingui } from '@lingui/react/macro';
import { useEffect, useRef, useState } from 'react';
import { Button } from '../ui/button.tsx';
import { useFormat } from '../ui/format.tsx';
import { Muted, Row, Stack } from '../ui/layout.tsx';
import { Progress } from '../ui/marks.tsx';
import { useClockMs } from '../ui/use-clock.ts';
import { InlineError } from '../ui/view.tsx';
import { useConsole } from './console-context.tsx';
import { useJobStage } from './job-words.ts';
import type { JobState } from './wire.ts';

const AGAIN_MS = 400;

/** The present state of a job; watches again after a lost line. */
export function useJob(job: string | null, onEnd?: (state: JobState) => void): JobState | null {
  const { client } = useConsole();
  const [state, setState] = useState<JobState | null>(null);
  const end = useRef(onEnd);
  useEffect(() => {
    end.current = onEnd;
  });
  useEffect(() => {
    if (job === null) return;
    const stop = new AbortController();
    const follow = async () => {
      let last: JobState | null = null;
      while (!stop.signal.aborted && (last === null || last.state === 'running')) {
        try {
          for await (const next of await client.jobs.watch({ job }, { signal: stop.signal })) {
            last = next;
            setState(next);
          }
        } catch {
          if (stop.signal.aborted) return;
        }
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      }
      if (last && !stop.signal.aborted) end.current?.(last);
    };
    void follow();
    return () => stop.abort();
  }, [client, job]);
  return state?.job === job ? state : null;
}

/** Long work: its stage, done of total, time left, and a way to stop it. */
export function JobProgress(p: { readonly job: string; readonly onEnd?: (state: JobState) => void }) {
  const { t } = useLingui();
  const format = useFormat();
  const { client } = useConsole();
  const state = useJob(p.job, p.onEnd);
  const stage = useJobStage();
  const nowMs = useClockMs();
  if (!state) return <Muted>{t`Starting`}</Muted>;
  const { done, of } = state;
  const leftMs = timeLeftMs(state, nowMs);
  const left = leftMs === null ? '' : format.age(leftMs);
  return (
    <div role="status">
      <Stack>
        <Row between>
          <span>
            <b>{stage(state.state === 'done' ? 'done' : state.stage)}</b>{' '}
            {of > 0 && (
              <Trans>
                {format.count(done)} of {format.count(of)}
              </Trans>
            )}{' '}
            {state.state === 'running' && left && <Trans>· {left} left</Trans>}
          </span>
          {state.state === 'running' && (
            <Button look="line" small onPress={() => void client.jobs.cancel({ job: p.job })}>
              <Trans>Stop</Trans>
            </Button>
          )}
        </Row>
        <Progress
          label={stage(state.stage)}
          done={state.state === 'done' ? 1 : done}
          of={state.state === 'done' ? 1 : of}
        />
        {state.error && <InlineError error={{ code: state.error.code, data: state.error }} />}
        {state.state === 'cancelled' && <Muted>{t`Stopped. Nothing is half done.`}</Muted>}
      </Stack>
    </div>
  );
}

/** From the pace so far; unknown until a tenth of a second and one piece are done. */
export function timeLeftMs(
  state: Pick<JobState, 'done' | 'of' | 'startedAtMs' | 'state'>,
  nowMs: number,
): number | null {
  const spentMs = nowMs - state.startedAtMs;
  if (state.state !== 'running' || state.done <= 0 || state.of <= state.done || spentMs < 100) return null;
  return (spentMs / state.done) * (state.of - state.done);
}
