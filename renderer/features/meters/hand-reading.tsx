import { Trans, useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import { dayOf, dayStart } from '#domain/time.ts';
import { useConsole } from '../../app/console-context.tsx';
import { useCommand } from '../../app/use-command.ts';
import { useNowMs, useVillage } from '../../app/village-context.tsx';
import { Button } from '../../ui/button.tsx';
import { Dialog, DialogFoot, Form } from '../../ui/dialog.tsx';
import { Field } from '../../ui/field.tsx';
import { parseKwh } from '../../ui/figures.ts';
import { useFormat } from '../../ui/format.tsx';
import { Note } from '../../ui/layout.tsx';
import { InlineError } from '../../ui/view.tsx';
import type { MeterCard } from './meter-page.tsx';
import s from './meters.module.css';

/** A register read by eye: with its reason, and worth nothing until a second person vouches. */
export function HandReading({ card, onClose }: { readonly card: MeterCard; readonly onClose: () => void }) {
  const { t } = useLingui();
  const format = useFormat();
  const village = useVillage();
  const { client } = useConsole();
  const nowMs = useNowMs();
  const [register, setRegister] = useState('');
  const [day, setDay] = useState(() => dayOf(nowMs, format.zone));
  const [time, setTime] = useState(() => format.time(nowMs));
  const [reason, setReason] = useState('');
  const enter = useCommand(client.meters.enterReading, onClose);
  const importWh = parseKwh(register);
  const atMs = instantOf(day, time, format.zone);
  const lastWh = card.last?.importWh ?? null;
  const below = importWh !== null && lastWh !== null && importWh < lastWh;
  const ready = importWh !== null && atMs !== null && reason.trim().length >= 3;
  const send = () => {
    if (importWh === null || atMs === null || !ready) return;
    enter.send({ village: village.id, meter: card.id, atMs, importWh, reason: reason.trim() });
  };
  return (
    <Dialog title={t`A reading of ${card.name} by hand`} open onClose={onClose}>
      <Form onSend={send}>
        <Field
          label={t`Reading on the meter, kWh`}
          hint={t`The big number. Leave out the red digits.`}
          kind="decimal"
          value={register}
          onChange={setRegister}
          focus
          error={
            register !== '' && importWh === null
              ? t`A number, with up to three decimals.`
              : below
                ? t`That is less than the last reading, ${format.energy(lastWh, 3)}.`
                : null
          }
        />
        <div className={s['fields']}>
          <Field label={t`Day`} kind="date" value={day} onChange={setDay} />
          <Field label={t`Time`} kind="time" value={time} onChange={setTime} />
        </div>
        <Field label={t`Why by hand?`} value={reason} onChange={setReason} long />
        <Note>
          <Trans>It counts for nothing until a second person vouches for it.</Trans>
        </Note>
        <InlineError error={enter.error} />
        <DialogFoot>
          <Button look="line" onPress={onClose}>
            <Trans>Not now</Trans>
          </Button>
          <Button submit disabled={!ready} busy={enter.busy}>
            <Trans>Write it in the book</Trans>
          </Button>
        </DialogFoot>
      </Form>
    </Dialog>
  );
}

function instantOf(day: string, time: string, zone: { readonly offsetMin: number }): number | null {
  const clock = /^(\d{2}):(\d{2})$/.exec(time);
  if (!clock) return null;
  try {
    return dayStart(day, zone) + (Number(clock[1]) * 60 + Number(clock[2])) * 60_000;
  } catch {
    return null;
  }
}
