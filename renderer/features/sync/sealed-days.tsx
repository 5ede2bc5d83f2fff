import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { Pause, Play, TriangleAlert } from 'lucide-react';
import { SizeText } from '../../app/amounts.tsx';
import { useConsole } from '../../app/console-context.tsx';
import { useCommand } from '../../app/use-command.ts';
import { useVillage } from '../../app/village-context.tsx';
import { Button } from '../../ui/button.tsx';
import { useFormat } from '../../ui/format.tsx';
import { Block, Muted, Note, Small } from '../../ui/layout.tsx';
import { Progress } from '../../ui/marks.tsx';
import { InlineError } from '../../ui/view.tsx';
import s from './sync.module.css';
import type { SyncStatus } from './sync.tsx';
import { WhatIsFetched } from './what-is-fetched.tsx';

type Fetching = SyncStatus['fetching'];

/** Days of readings that others have announced: how many are here, how many are checked, and how long the rest takes. */
export function SealedDays({ fetching }: { readonly fetching: Fetching }) {
  const { t } = useLingui();
  const format = useFormat();
  const { announced, present, verified, absent, cancelled, bad, lockedFrames } = fetching;
  const have = format.count(verified.segments);
  const all = format.count(announced.segments);
  return (
    <Block title={<Trans>Readings</Trans>}>
      {announced.segments === 0 ? (
        <Muted>
          <Trans>No day is sealed yet. The first one is after its midnight.</Trans>
        </Muted>
      ) : (
        <div className={s['days']}>
          <Small>
            <Trans>
              <b>
                {have} of {all}
              </b>{' '}
              sealed days are here and checked, <SizeText bytes={verified.bytes} />.
            </Trans>
          </Small>
          {verified.segments < announced.segments && (
            <Progress label={t`Sealed days that are here`} done={verified.segments} of={announced.segments} />
          )}
          {(stillToCome(fetching) > 0 || fetching.state === 'paused') && <StillToCome fetching={fetching} />}
          {absent.segments > 0 && fetching.state !== 'paused' && (
            <Muted>
              <Trans>
                {format.count(absent.segments)} were announced, and nobody in reach has them. They are asked for again,
                less and less often.
              </Trans>
            </Muted>
          )}
          {cancelled.segments > 0 && (
            <Muted>
              <Trans>{format.count(cancelled.segments)} are not fetched: you left them out below.</Trans>
            </Muted>
          )}
          {present.segments > verified.segments + bad && (
            <Muted>
              <Trans>{format.count(present.segments - verified.segments - bad)} are here and are being checked.</Trans>
            </Muted>
          )}
          {bad > 0 && (
            <Muted>
              <Trans>{format.count(bad)} did not pass the check and count for nothing.</Trans>
            </Muted>
          )}
          {lockedFrames > 0 && (
            <Muted>
              <Trans>Some meters in them are not shared with you: they stay closed here.</Trans>
            </Muted>
          )}
          {fetching.months.flatMap((m) => (m.lost > 0 ? [<Damaged key={m.month} part={m} />] : []))}
          <WhatIsFetched fetching={fetching} />
        </div>
      )}
    </Block>
  );
}

function Damaged({ part }: { readonly part: Fetching['months'][number] }) {
  const format = useFormat();
  const month = format.month(part.month);
  const { lost, file } = part;
  return (
    <Note icon={<TriangleAlert size={20} aria-hidden />} bad>
      <p>
        <Plural
          value={lost}
          one={`# day of ${month} was damaged on this disk. Its readings still count here; to give it to others it must come again.`}
          other={`# days of ${month} were damaged on this disk. Their readings still count here; to give them to others they must come again.`}
        />
      </p>
      <p>
        {file === null ? (
          <Trans>It is fetched from whoever has it. If nobody does, read a stick with {month}.</Trans>
        ) : (
          <Trans>
            It is fetched from whoever has it. If nobody does, read the file <b>{file}</b>.
          </Trans>
        )}
      </p>
    </Note>
  );
}

/** Days that are asked for, and that somebody may have. */
const stillToCome = ({ state, announced, present, absent, cancelled }: Fetching): number =>
  announced.segments - present.segments - cancelled.segments - (state === 'paused' ? 0 : absent.segments);

function StillToCome({ fetching }: { readonly fetching: Fetching }) {
  const format = useFormat();
  const village = useVillage();
  const { client } = useConsole();
  const pause = useCommand(client.sync.pause);
  const resume = useCommand(client.sync.resume);
  const { state, secondsLeft } = fetching;
  const missing = format.count(stillToCome(fetching));
  const left = secondsLeft === null ? '' : format.age(secondsLeft * 1000);
  return (
    <>
      <p role="status" className={s['reached']}>
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
      {state === 'paused' ? (
        <div>
          <Button look="line" small busy={resume.busy} onPress={() => resume.send({ village: village.id })}>
            <Play aria-hidden />
            <Trans>Go on</Trans>
          </Button>
        </div>
      ) : (
        state === 'fetching' && (
          <div>
            <Button look="line" small busy={pause.busy} onPress={() => pause.send({ village: village.id })}>
              <Pause aria-hidden />
              <Trans>Pause</Trans>
            </Button>
          </div>
        )
      )}
      <InlineError error={pause.error ?? resume.error} />
    </>
  );
}
