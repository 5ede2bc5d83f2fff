import { Trans, useLingui } from '@lingui/react/macro';
import { Pause, Play } from 'lucide-react';
import { SizeText } from '../../app/amounts.tsx';
import { useConsole } from '../../app/console-context.tsx';
import { useCommand } from '../../app/use-command.ts';
import { useVillage } from '../../app/village-context.tsx';
import { Button } from '../../ui/button.tsx';
import { useFormat } from '../../ui/format.tsx';
import { Muted } from '../../ui/layout.tsx';
import { Progress } from '../../ui/marks.tsx';
import { InlineError } from '../../ui/view.tsx';
import s from './peers.module.css';
import type { SyncStatus } from './sync.tsx';
import { WhatIsFetched } from './what-is-fetched.tsx';

type Fetching = SyncStatus['fetching'];

/** Days of readings that others have told of: how many are here and checked, and how long the rest takes. */
export function DaysOfReadings({ fetching }: { readonly fetching: Fetching }) {
  const { t } = useLingui();
  const format = useFormat();
  const { announced, verified } = fetching;
  const have = format.count(verified.segments);
  const all = format.count(announced.segments);
  if (announced.segments === 0)
    return (
      <div className={s['days']}>
        <Muted>
          <Trans>No day of readings is closed yet. The first one is, after its midnight.</Trans>
        </Muted>
      </div>
    );
  const isWhole = verified.segments === announced.segments;
  return (
    <>
      <div className={s['days']}>
        <div>
          <p>
            {isWhole ? (
              <Trans>
                <b>All {all} days of readings</b> are here and checked, <SizeText bytes={verified.bytes} />.
              </Trans>
            ) : (
              <Trans>
                <b>
                  {have} of {all} days of readings
                </b>{' '}
                are here and checked, <SizeText bytes={verified.bytes} />.
              </Trans>
            )}
          </p>
          {!isWhole && (
            <Progress label={t`Days of readings that are here`} done={verified.segments} of={announced.segments} />
          )}
          <OnTheWay fetching={fetching} />
          {fetching.lockedFrames > 0 && (
            <Muted>
              <Trans>Some meters in them are not shared with you: they stay closed here.</Trans>
            </Muted>
          )}
        </div>
        <PauseButton state={fetching.state} />
      </div>
      <WhatIsFetched fetching={fetching} />
    </>
  );
}

/** Days that are asked for, and that somebody may have. */
const stillToCome = ({ state, announced, present, absent, cancelled }: Fetching): number =>
  announced.segments - present.segments - cancelled.segments - (state === 'paused' ? 0 : absent.segments);

function OnTheWay({ fetching }: { readonly fetching: Fetching }) {
  const format = useFormat();
  const { state, secondsLeft } = fetching;
  const count = stillToCome(fetching);
  if (count === 0 && state !== 'paused') return null;
  const missing = format.count(count);
  const left = secondsLeft === null ? '' : format.age(secondsLeft * 1000);
  return (
    <p role="status">
      {state === 'paused' ? (
        <Trans>Stopped by you. {missing} days wait; records still go in and out.</Trans>
      ) : state === 'fetching' && left !== '' ? (
        <Trans>
          {missing} are on the way: {left} left.
        </Trans>
      ) : state === 'fetching' ? (
        <Trans>{missing} are on the way.</Trans>
      ) : (
        <Trans>{missing} come by themselves when a console that has them is in reach, or on a stick.</Trans>
      )}
    </p>
  );
}

function PauseButton({ state }: Pick<Fetching, 'state'>) {
  const village = useVillage();
  const { client } = useConsole();
  const pause = useCommand(client.sync.pause);
  const resume = useCommand(client.sync.resume);
  const error = <InlineError error={pause.error ?? resume.error} />;
  if (state === 'paused')
    return (
      <div>
        <Button small busy={resume.busy} onPress={() => resume.send({ village: village.id })}>
          <Play aria-hidden />
          <Trans>Go on</Trans>
        </Button>
        {error}
      </div>
    );
  if (state !== 'fetching') return null;
  return (
    <div>
      <Button look="line" small busy={pause.busy} onPress={() => pause.send({ village: village.id })}>
        <Pause aria-hidden />
        <Trans>Pause</Trans>
      </Button>
      {error}
    </div>
  );
}
