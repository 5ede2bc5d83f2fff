import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { useApi, useConsole } from '../../app/console-context.tsx';
import { useCommand } from '../../app/use-command.ts';
import { useVillage } from '../../app/village-context.tsx';
import { Button } from '../../ui/button.tsx';
import { Form } from '../../ui/dialog.tsx';
import { Field, Pick } from '../../ui/field.tsx';
import { parseKwh } from '../../ui/figures.ts';
import { InlineError } from '../../ui/view.tsx';
import { Wizard } from '../../ui/wizard.tsx';
import {
  METER_KIND_WORDS,
  type MeterKind,
  PLACE_WORDS,
  type Place,
  SOURCE_WORDS,
  type Source,
} from '../../ui/words.ts';
import type { Address, TestReading } from './add-meter.tsx';
import s from './meters.module.css';

const NONE = 'none';
const keysOf = <T extends string>(words: Record<T, unknown>): T[] => Object.keys(words) as T[];

/** What the meter measures, where, for whom, and how much its line can carry. */
export function MeterFacts(p: {
  readonly address: Address;
  readonly tested: TestReading;
  readonly step: number;
  readonly of: number;
  readonly back: () => void;
}) {
  const { t } = useLingui();
  const village = useVillage();
  const api = useApi();
  const { client } = useConsole();
  const [, go] = useLocation();
  const input = { village: village.id };
  const members = useQuery(api.members.list.queryOptions({ input }));
  const assets = useQuery(api.assets.list.queryOptions({ input }));
  const [name, setName] = useState('');
  const [kind, setKind] = useState<MeterKind>('use');
  const [place, setPlace] = useState<Place>('home');
  const [source, setSource] = useState<Source>('solar');
  const [asset, setAsset] = useState(NONE);
  const [member, setMember] = useState(NONE);
  const [limit, setLimit] = useState('1');
  const add = useCommand(client.meters.add, (done) => go(`/meters/${done.meter}`));
  // kW with three decimals is W, as kWh is Wh.
  const limitW = Number(parseKwh(limit) ?? 0n);
  const limitRight = limitW >= 10 && limitW <= 10_000_000;
  const makes = kind === 'generation' || kind === 'battery';
  const chosenAsset = assets.data?.assets.find((a) => a.id === asset);
  const send = () => {
    if (!name.trim() || !limitRight) return;
    add.send({
      village: village.id,
      name: name.trim(),
      kind,
      place: kind === 'use' ? place : null,
      source: kind === 'generation' ? (chosenAsset?.source ?? source) : kind === 'battery' ? 'battery' : null,
      asset: makes && asset !== NONE ? asset : null,
      member: kind === 'use' && member !== NONE ? member : null,
      limitW,
      address: p.address,
    });
  };
  return (
    <Form onSend={send}>
      <Wizard
        title={<Trans>What does it measure?</Trans>}
        step={p.step}
        of={p.of}
        foot={
          <>
            <Button look="quiet" onPress={p.back}>
              <Trans>Back</Trans>
            </Button>
            <Button submit disabled={!name.trim() || !limitRight} busy={add.busy}>
              <Trans>Add the meter</Trans>
            </Button>
          </>
        }
      >
        <div className={s['fields']}>
          <Field label={t`Name`} hint={t`As people here call it`} value={name} onChange={setName} focus />
          <Pick
            label={t`It measures`}
            none={t`Choose`}
            value={kind}
            onChange={setKind}
            options={keysOf(METER_KIND_WORDS).map((id) => ({ id, text: t(METER_KIND_WORDS[id]) }))}
          />
          {kind === 'use' && (
            <>
              <Pick
                label={t`Place`}
                none={t`Choose`}
                value={place}
                onChange={setPlace}
                options={keysOf(PLACE_WORDS).map((id) => ({ id, text: t(PLACE_WORDS[id]) }))}
              />
              <Pick
                label={t`Member`}
                none={t`Choose`}
                hint={t`Who pays for what it measures`}
                value={member}
                onChange={setMember}
                options={[
                  { id: NONE, text: t`Nobody yet` },
                  ...(members.data?.members ?? []).map((m) => ({ id: m.id, text: m.name })),
                ]}
              />
            </>
          )}
          {makes && (
            <Pick
              label={t`Asset`}
              none={t`Choose`}
              value={asset}
              onChange={setAsset}
              options={[
                { id: NONE, text: t`None yet` },
                ...(assets.data?.assets ?? []).map((a) => ({ id: a.id, text: a.name })),
              ]}
            />
          )}
          {kind === 'generation' && asset === NONE && (
            <Pick
              label={t`Source`}
              none={t`Choose`}
              value={source}
              onChange={setSource}
              options={keysOf(SOURCE_WORDS)
                .filter((id) => id !== 'battery')
                .map((id) => ({ id, text: t(SOURCE_WORDS[id]) }))}
            />
          )}
          <Field
            label={t`Most the line can carry, kW`}
            hint={t`More than this in an hour is held until a person decides.`}
            kind="decimal"
            value={limit}
            onChange={setLimit}
            error={limitRight ? null : t`From 0.01 to 10,000 kW`}
          />
        </div>
        <InlineError error={add.error} />
      </Wizard>
    </Form>
  );
}
