import { Trans, useLingui } from '@lingui/react/macro';
import { ChevronRight, TriangleAlert } from 'lucide-react';
import { Link } from 'wouter';
import type { Out } from '../../app/wire.ts';
import { Key } from '../../ui/button.tsx';
import { useFormat } from '../../ui/format.tsx';
import { Block, Muted } from '../../ui/layout.tsx';
import { Count } from '../../ui/marks.tsx';
import s from './today.module.css';

type Alarm = Out['today']['get']['alarms'][number];
type Step = Out['today']['get']['nextSteps'][number];
interface Line {
  readonly what: string;
  readonly act: string;
  readonly to: string;
}
const MOST_ALARMS = 3;

/** What happened, and where to look: at most three. */
export function Alarms({ alarms, nowMs }: { readonly alarms: readonly Alarm[]; readonly nowMs: number }) {
  const words = useAlarmWords(nowMs);
  return (
    <Block
      title={<Trans>Needs a look</Trans>}
      extra={alarms.length > 0 ? <Count>{Math.min(MOST_ALARMS, alarms.length)}</Count> : undefined}
    >
      {alarms.length === 0 && (
        <Muted>
          <Trans>Nothing now.</Trans>
        </Muted>
      )}
      <ul className={s['lines']}>
        {alarms.slice(0, MOST_ALARMS).map((alarm) => {
          const line = words(alarm);
          return (
            <li key={`${alarm.kind}-${alarm.meter ?? alarm.name}`}>
              <Link href={line.to} className={s['look']}>
                <TriangleAlert size={20} aria-hidden />
                <span>
                  <b>{line.what}</b>
                  <span className={s['second']}>{line.act}</span>
                </span>
              </Link>
            </li>
          );
        })}
      </ul>
    </Block>
  );
}

function useAlarmWords(nowMs: number): (alarm: Alarm) => Line {
  const { t } = useLingui();
  const format = useFormat();
  return (a) => {
    const meter = a.meter ? `/meters/${a.meter}` : '/meters';
    const name = a.name;
    const wh = a.wh === null ? '' : format.energy(a.wh);
    const age = a.sinceMs === null ? '' : format.age(nowMs - a.sinceMs);
    switch (a.kind) {
      case 'meter-silent':
        return {
          what: age ? t`${name}: no reading for ${age}` : t`${name}: no reading`,
          act: t`Look at its cable and its power.`,
          to: meter,
        };
      case 'spike-held':
        return { what: t`${name}: ${wh} in one hour`, act: t`Held out of bills. Decide if it is real.`, to: meter };
      case 'register-reset':
        return {
          what: t`${name}: the register went back`,
          act: t`Was the meter changed? Say so on its page.`,
          to: meter,
        };
      case 'asset-weak':
        return {
          what: t`${name} makes less than usual`,
          act: t`Look at what it stands in: leaves, dust, shade.`,
          to: meter,
        };
      case 'sign-close':
        return { what: t`${name} waits for your signature`, act: t`Check the sums, then sign.`, to: '/accounts' };
      case 'sign-agreement':
        return { what: t`${name} waits for a signature`, act: t`Read it, then sign.`, to: '/agreements' };
      case 'books-differ':
        return { what: t`${name} has another book`, act: t`Compare the words on both screens.`, to: '/sync' };
      case 'record-refused':
        return {
          what: t`A record from ${name} was refused`,
          act: t`It changes nothing. See why under Sync.`,
          to: '/sync',
        };
    }
  };
}

/** What to do next, in order. */
export function NextSteps({ steps }: { readonly steps: readonly Step[] }) {
  const words = useStepWords();
  if (steps.length === 0) return null;
  return (
    <Block title={<Trans>Next steps</Trans>}>
      <ol className={s['lines']}>
        {steps.slice(0, 3).map((step, i) => {
          const line = words(step);
          return (
            <li key={`${step.kind}-${step.target}`}>
              <Link href={line.to}>
                <Key>{i + 1}</Key>
                <span>
                  <b>{line.what}</b>
                  <span className={s['second']}>{line.act}</span>
                </span>
                <ChevronRight size={20} aria-hidden />
              </Link>
            </li>
          );
        })}
      </ol>
    </Block>
  );
}

function useStepWords(): (step: Step) => Line {
  const { t } = useLingui();
  const format = useFormat();
  return (x) => {
    const { name } = x;
    const month = /^\d{4}-\d{2}$/.test(x.target) ? format.month(x.target) : '';
    const of = (base: string) => (x.target ? `${base}/${x.target}` : base);
    switch (x.kind) {
      case 'add-meter':
        return { what: t`Add the first meter`, act: t`brand, address, test reading`, to: '/meters/add' };
      case 'add-member':
        return { what: t`Add the first member`, act: t`a name and a PIN`, to: '/members/add' };
      case 'sign-close':
        return { what: t`Sign ${month}`, act: t`${name} can sign here`, to: of('/accounts') };
      case 'ask-to-sign':
        return { what: t`Ask ${name} to sign ${month}`, act: t`the month waits for it`, to: of('/accounts') };
      case 'close-month':
        return { what: t`Close ${month}`, act: t`look at the sums first`, to: of('/accounts') };
      case 'decide-spike':
        return { what: t`Decide one reading of ${name}`, act: t`too much for one hour`, to: of('/meters') };
      case 'sign-agreement':
        return { what: t`Sign the agreement of ${name}`, act: t`read it first`, to: of('/agreements') };
      case 'invite':
        return { what: t`Invite a second coordinator`, act: t`two must sign a month`, to: '/members/invite' };
      case 'vouch':
        return { what: t`Vouch for ${name}`, act: t`a second person must look`, to: '/meters' };
      case 'draft-agreement':
        return { what: t`Write the first agreement`, act: t`who, what, price, how long`, to: '/agreements/new' };
    }
  };
}
