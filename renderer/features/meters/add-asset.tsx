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
import { PageHead, Paper } from '../../ui/layout.tsx';
import { InlineError } from '../../ui/view.tsx';
import { SOURCE_WORDS, type Source } from '../../ui/words.ts';
import s from './meters.module.css';

const NONE = 'none';

/** What makes or stores energy, and whose it is. */
export function AddAsset() {
  const { t } = useLingui();
  const village = useVillage();
  const { client } = useConsole();
  const [, go] = useLocation();
  const members = useQuery(useApi().members.list.queryOptions({ input: { village: village.id } }));
  const people = (members.data?.members ?? []).map((m) => ({ id: m.id, text: m.name }));
  const [name, setName] = useState('');
  const [source, setSource] = useState<Source>('solar');
  const [serial, setSerial] = useState('');
  const [capacity, setCapacity] = useState('');
  const [storage, setStorage] = useState('');
  const [district, setDistrict] = useState('');
  const [place, setPlace] = useState('');
  const [contract, setContract] = useState('');
  const [owner, setOwner] = useState<string | null>(null);
  const [host, setHost] = useState(NONE);
  const add = useCommand(client.assets.add, () => go('/meters'));
  const capacityW = Number(parseKwh(capacity) ?? 0n);
  const storageWh = source === 'battery' ? parseKwh(storage) : null;
  const ready =
    name.trim() !== '' &&
    serial.trim() !== '' &&
    capacityW > 0 &&
    owner !== null &&
    (source !== 'battery' || storageWh !== null);
  const send = () => {
    if (!ready || owner === null) return;
    add.send({
      village: village.id,
      name: name.trim(),
      source,
      serial: serial.trim(),
      capacityW,
      storageWh,
      district,
      place,
      contract,
      owner,
      host: host === NONE ? null : host,
    });
  };
  return (
    <>
      <PageHead crumb={{ to: '/meters', text: <Trans>Meters and assets</Trans> }} title={<Trans>Add an asset</Trans>} />
      <Paper title={<Trans>The asset</Trans>}>
        <Form onSend={send}>
          <div className={s['fields']}>
            <Field label={t`Name`} value={name} onChange={setName} focus />
            <Pick
              label={t`Source`}
              none={t`Choose`}
              value={source}
              onChange={setSource}
              options={(Object.keys(SOURCE_WORDS) as Source[]).map((id) => ({ id, text: t(SOURCE_WORDS[id]) }))}
            />
            <Field
              label={t`Serial number`}
              hint={t`A number stands for one asset only. Its partners can read it.`}
              value={serial}
              onChange={setSerial}
            />
            <Field label={t`Most it can give, kW`} kind="decimal" value={capacity} onChange={setCapacity} />
            {source === 'battery' && (
              <Field label={t`It holds, kWh`} kind="decimal" value={storage} onChange={setStorage} />
            )}
            <Pick label={t`Owner`} none={t`Choose`} value={owner} onChange={setOwner} options={people} />
            <Pick
              label={t`Host`}
              hint={t`Whose roof or land it stands on`}
              none={t`Choose`}
              value={host}
              onChange={setHost}
              options={[{ id: NONE, text: t`Nobody` }, ...people]}
            />
            <Field label={t`District`} hint={t`Everyone can read it.`} value={district} onChange={setDistrict} />
            <Field
              label={t`Exact place`}
              hint={t`Its owner, its host and coordinators can read it, and whom the owner lets.`}
              value={place}
              onChange={setPlace}
            />
            <Field
              label={t`Contract`}
              hint={t`Its owner, its host and coordinators can read it, and whom the owner lets.`}
              value={contract}
              onChange={setContract}
            />
          </div>
          <InlineError error={add.error} />
          <div>
            <Button submit disabled={!ready} busy={add.busy}>
              <Trans>Add the asset</Trans>
            </Button>
          </div>
        </Form>
      </Paper>
    </>
  );
}
