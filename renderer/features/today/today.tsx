import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { PenLine } from 'lucide-react';
import { useApi } from '../../app/console-context.tsx';
import { useVillage } from '../../app/village-context.tsx';
import type { Out } from '../../app/wire.ts';
import { ButtonLink } from '../../ui/button.tsx';
import { Money, useFormat } from '../../ui/format.tsx';
import { Big, Block, Muted } from '../../ui/layout.tsx';
import { Simulated } from '../../ui/marks.tsx';
import { Empty, View } from '../../ui/view.tsx';
import { Alarms, NextSteps } from './attention.tsx';
import { DayChart } from './day-chart.tsx';
import { EnoughForTonight } from './enough.tsx';
import { FlowPicture } from './flow-picture.tsx';
import s from './today.module.css';

type TodayNow = Out['today']['get'];

/** One picture, one sentence, what waits and what needs a look. */
export function Today() {
  const { t } = useLingui();
  const village = useVillage();
  const today = useQuery({
    ...useApi().today.get.queryOptions({ input: { village: village.id } }),
    refetchInterval: 60_000,
  });
  return (
    <View
      page
      of={today}
      loading={t`Reading the village`}
      empty={{
        when: (x) => x.flow.sources.length === 0 && x.flow.uses.length === 0,
        show: <NoMeters data={today.data} />,
      }}
    >
      {(data) => (
        <div className={s['page']}>
          <div className={s['picture']}>
            <EnoughForTonight enough={data.enough} />
            <div className={s['scene']}>
              <span className={s['tag']}>
                <Simulated on={data.simulated} />
              </span>
              <FlowPicture flow={data.flow} nowMs={data.nowMs} />
            </div>
            <DayChart day={data.day} nowMs={data.nowMs} />
          </div>
          <Aside data={data} />
        </div>
      )}
    </View>
  );
}

function NoMeters({ data }: { readonly data: TodayNow | undefined }) {
  return (
    <div className={s['page']}>
      <Empty
        title={<Trans>No meter yet</Trans>}
        action={
          <ButtonLink to="/meters/add">
            <Trans>Add the first meter</Trans>
          </ButtonLink>
        }
      >
        <Trans>When the first meter is heard, the village is drawn here.</Trans>
      </Empty>
      {data && <Aside data={data} />}
    </div>
  );
}

function Aside({ data }: { readonly data: TodayNow }) {
  return (
    <div className={s['aside']}>
      <Waiting data={data} />
      <Alarms alarms={data.alarms} nowMs={data.nowMs} />
      <NextSteps steps={data.nextSteps} />
      <LastSync data={data} />
    </div>
  );
}

function Waiting({ data }: { readonly data: TodayNow }) {
  const { t } = useLingui();
  const format = useFormat();
  const w = data.waiting;
  const names = w ? new Intl.ListFormat(format.locale, { type: 'disjunction' }).format(w.nextSigners) : '';
  return (
    <Block title={<Trans>Waiting to settle</Trans>} extra={<Simulated on={data.simulated} />}>
      {w === null ? (
        <Muted>
          <Trans>Nothing waits. Closed months are settled.</Trans>
        </Muted>
      ) : (
        <>
          <Big>
            <Money minor={w.changesHandsMinor} />
          </Big>
          <Muted>
            {format.month(w.month)}, <Plural value={w.statements} one="# statement" other="# statements" />
          </Muted>
          <div className={s['signs']}>
            <ol aria-hidden="true">
              {Array.from({ length: w.threshold }, (_, i) => i).map((i) => (
                <li key={i} className={i < w.signatures ? s['signed'] : undefined}>
                  {i < w.signatures && <PenLine size={18} />}
                </li>
              ))}
            </ol>
            <span>
              <b>{t`${w.signatures} of ${w.threshold} signatures`}</b>
              <br />
              <span className={s['second']}>
                {names ? <Trans>{names} signs next.</Trans> : <Trans>It goes out with the next network.</Trans>}
              </span>
            </span>
          </div>
        </>
      )}
    </Block>
  );
}

function LastSync({ data }: { readonly data: TodayNow }) {
  const format = useFormat();
  const { atMs, name, peersNow } = data.lastSync;
  const age = atMs === null ? '' : format.age(data.nowMs - atMs);
  const who = name ?? '';
  return (
    <Block title={<Trans>Last sync</Trans>}>
      <Muted>
        {atMs === null ? (
          <Trans>No other console has this book yet.</Trans>
        ) : who ? (
          <Trans>
            With {who}, {age} ago.
          </Trans>
        ) : (
          <Trans>{age} ago.</Trans>
        )}{' '}
        <Plural value={peersNow} _0="" one="# console in reach now." other="# consoles in reach now." />
      </Muted>
    </Block>
  );
}
