import { Plural, Trans, useLingui } from '@lingui/react/macro';
import type { ReactNode } from 'react';
import type { Out } from '../../app/wire.ts';
import { hourText } from '../../ui/figures.ts';
import { useFormat } from '../../ui/format.tsx';
import { Sums } from '../../ui/layout.tsx';
import { SourceMark } from '../../ui/marks.tsx';
import { Table } from '../../ui/table.tsx';
import { SOURCE_WORDS } from '../../ui/words.ts';
import d from './drawing.module.css';
import { layNight } from './night-geometry.ts';
import { fillOf } from './source-fill.ts';
import s from './today.module.css';

type Enough = Out['today']['get']['enough'];
type Known = Extract<Enough, { known: true }>;

/** The one sentence that matters, and the sum it comes from. */
export function EnoughForTonight({ enough }: { readonly enough: Enough }) {
  return (
    <div className={s['sentence']}>
      <div className={s['says']}>
        {enough.known ? <KnownSentence enough={enough} /> : <UnknownSentence enough={enough} />}
      </div>
      {enough.known && enough.steps.length > 0 && <Night enough={enough} />}
    </div>
  );
}

function UnknownSentence({ enough }: { readonly enough: Extract<Enough, { known: false }> }) {
  const why: Record<typeof enough.reason, ReactNode> = {
    'under-three-days': (
      <Trans>
        It takes three days of readings to know how a night goes.{' '}
        <Plural value={enough.days} one="There is # day so far." other="There are # days so far." />
      </Trans>
    ),
    'no-battery': <Trans>There is no battery in the book. Add it under Meters and assets.</Trans>,
    'no-battery-reading': <Trans>The battery has not been heard, so what it holds is not known.</Trans>,
    'no-meters': <Trans>No meter has been heard yet.</Trans>,
  };
  return (
    <>
      <h1>
        <Trans>
          Enough for tonight: <strong>not known yet</strong>
        </Trans>
      </h1>
      <p>{why[enough.reason]}</p>
    </>
  );
}

function KnownSentence({ enough }: { readonly enough: Known }) {
  const format = useFormat();
  const until = format.time(enough.untilMs);
  const hours = format.count(enough.hours);
  return (
    <>
      <h1>
        <Trans>
          Enough for tonight: <strong>{hours} h</strong>
        </Trans>
      </h1>
      <p>
        {enough.covers ? (
          <Trans>Until {until}, when the village makes more than it uses again.</Trans>
        ) : (
          <Trans>At {until} the battery is down to its reserve. Plan the diesel, or use less.</Trans>
        )}
      </p>
      <HowWeKnow enough={enough} />
    </>
  );
}

function HowWeKnow({ enough }: { readonly enough: Known }) {
  const { t } = useLingui();
  const format = useFormat();
  const made = enough.steps.reduce((a, x) => a + x.expectedMadeWh, 0n);
  const used = enough.steps.reduce((a, x) => a + x.expectedUsedWh, 0n);
  const first = enough.steps[0];
  const until = format.time(enough.untilMs);
  return (
    <details className={s['how']}>
      <summary>
        <Trans>How we know</Trans>
      </summary>
      <div className={s['howPanel']}>
        <p>
          <Plural
            value={enough.weeks}
            one="Expected: the same weekday of the last week that was heard."
            other="Expected: the mean of the same weekday over the last # weeks."
          />
        </p>
        <Sums
          rows={[
            { name: t`In the battery now, above the reserve`, value: format.energy(enough.usableWh) },
            { name: t`Expected to be made until ${until}`, value: `+ ${format.energy(made)}` },
            { name: t`Expected to be used until ${until}`, value: `− ${format.energy(used)}` },
            {
              name: t`Left above the reserve at ${until}`,
              value: format.energy(enough.steps.at(-1)?.endWh ?? enough.usableWh),
              total: true,
            },
          ]}
        />
        {first && (
          <Table
            caption={t`Hour by hour`}
            dense
            rowKey={(x) => String(x.fromMs)}
            groups={[{ key: 'steps', rows: enough.steps }]}
            columns={[
              { key: 'hour', head: t`Hour`, cell: (x) => format.time(x.fromMs) },
              { key: 'start', head: t`At its start`, end: true, wideOnly: true, cell: (x) => format.energy(x.startWh) },
              { key: 'made', head: t`Made`, end: true, cell: (x) => `+${format.energy(x.expectedMadeWh)}` },
              { key: 'used', head: t`Used`, end: true, cell: (x) => `−${format.energy(x.expectedUsedWh)}` },
              { key: 'end', head: t`At its end`, end: true, cell: (x) => format.energy(x.endWh) },
            ]}
          />
        )}
      </div>
    </details>
  );
}

function Night({ enough }: { readonly enough: Known }) {
  const { t } = useLingui();
  const format = useFormat();
  const drawn = layNight(enough.steps);
  return (
    <div className={s['night']}>
      <p className={s['legend']}>
        <b>
          <Trans>Hour by hour</Trans>
        </b>
        {drawn.sources.map((source) => (
          <span key={source}>
            <SourceMark source={source} />
            {t(SOURCE_WORDS[source])}
          </span>
        ))}
      </p>
      <svg
        className={s['blocks']}
        viewBox="0 0 372 76"
        role="img"
        aria-label={t`What is expected to carry each hour. The same figures stand under How we know.`}
      >
        {drawn.blocks.map((b) => (
          <rect key={b.key} className={fillOf(b.source)} x={b.x} y={b.y} width={b.width} height={b.height} />
        ))}
        {drawn.labels.map((l) => (
          <text key={l.fromMs} className={`${d['t1']} ${d['muted']}`} x={l.x} y={73} textAnchor="middle">
            {hourText(l.fromMs, format.zone)}
          </text>
        ))}
      </svg>
    </div>
  );
}
