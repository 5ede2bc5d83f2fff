import { Trans, useLingui } from '@lingui/react/macro';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useApi, useConsole } from '../../app/console-context.tsx';
import { useVillage } from '../../app/village-context.tsx';
import type { In, Out } from '../../app/wire.ts';
import { Button } from '../../ui/button.tsx';
import { Form } from '../../ui/dialog.tsx';
import { Field, Pick } from '../../ui/field.tsx';
import { useFormat } from '../../ui/format.tsx';
import { Facts, Muted, Note, PageHead, Paper, Stack } from '../../ui/layout.tsx';
import { Simulated } from '../../ui/marks.tsx';
import { InlineError, View } from '../../ui/view.tsx';
import { Wizard } from '../../ui/wizard.tsx';
import { MeterFacts } from './meter-facts.tsx';
import s from './meters.module.css';

type Model = Out['meters']['models']['models'][number];
export type Address = In['meters']['test']['address'];
export type TestReading = Out['meters']['test'];
type Step = 'model' | 'address' | 'facts';
const STEPS: readonly Step[] = ['model', 'address', 'facts'];

/** Brand, model, address, one test reading; only then what it measures and for whom. */
export function AddMeter() {
  const { t } = useLingui();
  const models = useQuery(useApi().meters.models.queryOptions());
  return (
    <>
      <PageHead crumb={{ to: '/meters', text: <Trans>Meters and assets</Trans> }} title={<Trans>Add a meter</Trans>} />
      <View of={models} loading={t`Reading the list of models`}>
        {(data) => <Steps models={data.models} />}
      </View>
    </>
  );
}

function Steps({ models }: { readonly models: readonly Model[] }) {
  const [step, setStep] = useState<Step>('model');
  const [model, setModel] = useState<Model | null>(null);
  const [host, setHost] = useState('');
  const [port, setPort] = useState('502');
  const [unit, setUnit] = useState('1');
  const [tested, setTested] = useState<TestReading | null>(null);
  const n = STEPS.indexOf(step) + 1;
  const address: Address = { model: model?.id ?? '', host: host.trim(), port: Number(port), unit: Number(unit) };
  if (step === 'model')
    return <ModelStep models={models} model={model} onModel={setModel} step={n} next={() => setStep('address')} />;
  if (step === 'address' || !tested)
    return (
      <AddressStep
        address={address}
        typed={{ host, port, unit }}
        onTyped={(x) => {
          setHost(x.host);
          setPort(x.port);
          setUnit(x.unit);
          setTested(null);
        }}
        tested={tested}
        onTested={setTested}
        step={n}
        back={() => setStep('model')}
        next={() => setStep('facts')}
      />
    );
  return <MeterFacts address={address} tested={tested} step={n} of={STEPS.length} back={() => setStep('address')} />;
}

function ModelStep(p: {
  readonly models: readonly Model[];
  readonly model: Model | null;
  readonly onModel: (model: Model) => void;
  readonly step: number;
  readonly next: () => void;
}) {
  const { t } = useLingui();
  const [brand, setBrand] = useState<string | null>(p.model?.brand ?? null);
  const brands = [...new Set(p.models.map((m) => m.brand))];
  const ofBrand = p.models.filter((m) => m.brand === brand);
  const chooseBrand = (name: string) => {
    setBrand(name);
    const [only, ...more] = p.models.filter((m) => m.brand === name);
    if (only && more.length === 0) p.onModel(only);
  };
  const model = ofBrand.find((m) => m.id === p.model?.id) ?? null;
  return (
    <Form onSend={() => model && p.next()}>
      <Wizard
        title={<Trans>What stands on the meter?</Trans>}
        step={p.step}
        of={STEPS.length}
        foot={
          <>
            <span />
            <Button submit disabled={!model}>
              <Trans>Go on</Trans>
            </Button>
          </>
        }
      >
        <div className={s['fields']}>
          <Pick
            label={t`Brand`}
            none={t`Choose`}
            value={brand}
            onChange={chooseBrand}
            options={brands.map((name) => ({ id: name, text: name }))}
          />
          {brand && (
            <Pick
              label={t`Model`}
              none={t`Choose`}
              value={model?.id ?? null}
              onChange={(id) => {
                const found = ofBrand.find((m) => m.id === id);
                if (found) p.onModel(found);
              }}
              options={ofBrand.map((m) => ({ id: m.id, text: m.model }))}
            />
          )}
        </div>
        {model && (
          <Note>
            <Trans>Registers from: {model.source}</Trans>
            {model.caveats.map((text) => (
              <p key={text}>{text}</p>
            ))}
          </Note>
        )}
      </Wizard>
    </Form>
  );
}

interface Typed {
  readonly host: string;
  readonly port: string;
  readonly unit: string;
}

function AddressStep(p: {
  readonly address: Address;
  readonly typed: Typed;
  readonly onTyped: (typed: Typed) => void;
  readonly tested: TestReading | null;
  readonly onTested: (tested: TestReading) => void;
  readonly step: number;
  readonly back: () => void;
  readonly next: () => void;
}) {
  const { t } = useLingui();
  const village = useVillage();
  const { client } = useConsole();
  const test = useMutation<TestReading, unknown, Address>({
    mutationFn: (address) => client.meters.test({ village: village.id, address }),
    onSuccess: p.onTested,
  });
  const { host, port, unit } = p.typed;
  const within = (text: string, most: number) => /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= most;
  const ready = host.trim() !== '' && within(port, 65_535) && within(unit, 247);
  return (
    <Wizard
      title={<Trans>Where is it, and does it answer?</Trans>}
      step={p.step}
      of={STEPS.length}
      foot={
        <>
          <Button look="quiet" onPress={p.back}>
            <Trans>Back</Trans>
          </Button>
          <Button disabled={!p.tested} onPress={p.next}>
            <Trans>The number is right, go on</Trans>
          </Button>
        </>
      }
    >
      <Form onSend={() => ready && test.mutate(p.address)}>
        <div className={s['fields']}>
          <Field
            label={t`Address`}
            hint={t`Such as 192.168.1.40`}
            value={host}
            onChange={(x) => p.onTyped({ ...p.typed, host: x })}
            focus
          />
          <Field
            label={t`Port`}
            hint={t`Most meters use 502`}
            kind="whole"
            value={port}
            onChange={(x) => p.onTyped({ ...p.typed, port: x })}
            error={within(port, 65_535) ? null : t`1 to 65535`}
          />
          <Field
            label={t`Unit number`}
            hint={t`Set on the meter, often 1`}
            kind="whole"
            value={unit}
            onChange={(x) => p.onTyped({ ...p.typed, unit: x })}
            error={within(unit, 247) ? null : t`1 to 247`}
          />
        </div>
        <div>
          <Button submit look="line" disabled={!ready} busy={test.isPending}>
            <Trans>Read it once</Trans>
          </Button>
        </div>
        <InlineError error={test.error} />
      </Form>
      {p.tested && <Answer tested={p.tested} />}
    </Wizard>
  );
}

function Answer({ tested }: { readonly tested: TestReading }) {
  const { t } = useLingui();
  const format = useFormat();
  const { identity, reading } = tested;
  return (
    <Paper title={<Trans>It answers</Trans>} extra={<Simulated on={identity.simulated} />}>
      <Stack>
        <Facts
          rows={[
            [t`Register`, reading.importWh === null ? '–' : format.energy(reading.importWh, 3)],
            [t`Power now`, reading.powerW === null ? '–' : format.power(reading.powerW)],
            [t`Maker`, identity.manufacturer ?? '–'],
            [t`Model`, identity.model ?? '–'],
            [t`Serial`, identity.serial ?? '–'],
          ]}
        />
        <Muted>
          <Trans>Compare the register with the number on its display.</Trans>
        </Muted>
      </Stack>
    </Paper>
  );
}
