import { Trans, useLingui } from '@lingui/react/macro';
import { QrCode as QrIcon } from 'lucide-react';
import { useState } from 'react';
import { useConsole } from '../../app/console-context.tsx';
import { useCommand } from '../../app/use-command.ts';
import { useVillage } from '../../app/village-context.tsx';
import { Button } from '../../ui/button.tsx';
import { CopyButton } from '../../ui/copy-button.tsx';
import { Dialog, Form } from '../../ui/dialog.tsx';
import { Field } from '../../ui/field.tsx';
import { Block, Columns, Mono, Muted, Small, Stack } from '../../ui/layout.tsx';
import { QrCode } from '../../ui/qr-code.tsx';
import { InlineError } from '../../ui/view.tsx';
import { isOnlyHere, orderAddresses } from './address-order.ts';
import s from './sync.module.css';

/** For two consoles that do not find each other: this one's address, and a field for the other's. */
export function Addresses(p: { readonly addresses: readonly string[]; readonly online: boolean }) {
  return (
    <Columns shape="even">
      <Block title={<Trans>Address of this console</Trans>}>
        <Own addresses={orderAddresses(p.addresses)} online={p.online} />
      </Block>
      <Block title={<Trans>Address of the other console</Trans>}>
        <Dial />
      </Block>
    </Columns>
  );
}

const SHOWN = 1;

function Own({ addresses, online }: { readonly addresses: readonly string[]; readonly online: boolean }) {
  const { t } = useLingui();
  const [scanned, setScanned] = useState<string | null>(null);
  const [all, setAll] = useState(false);
  if (addresses.length === 0)
    return (
      <Muted>
        {online ? (
          <Trans>This laptop is on no network now. The address comes with the network.</Trans>
        ) : (
          <Trans>The link is cut. The address is back when you link again.</Trans>
        )}
      </Muted>
    );
  const shown = all ? addresses : addresses.slice(0, SHOWN);
  return (
    <Stack>
      <ul className={s['addresses']}>
        {shown.map((address) => (
          <li key={address}>
            <Mono>{address}</Mono>
            {isOnlyHere(address) && (
              <Muted>
                <Trans>only for other programs on this laptop</Trans>
              </Muted>
            )}
            <div className={s['acts']}>
              <CopyButton text={address} />
              <Button look="line" small onPress={() => setScanned(address)}>
                <QrIcon aria-hidden />
                <Trans>Show as QR</Trans>
              </Button>
            </div>
          </li>
        ))}
      </ul>
      {!all && addresses.length > SHOWN && (
        <div>
          <Button look="quiet" small onPress={() => setAll(true)}>
            <Trans>Other addresses of this console</Trans>
          </Button>
        </div>
      )}
      {scanned !== null && (
        <Dialog title={t`Address of this console`} open onClose={() => setScanned(null)}>
          <Small>
            <Trans>Scan this, or type it, under Sync, “Reach another console”, over there.</Trans>
          </Small>
          <div className={s['qr']}>
            <QrCode text={scanned} label={t`QR code of the address`} sizePx={260} />
          </div>
          <Mono>{scanned}</Mono>
        </Dialog>
      )}
    </Stack>
  );
}

function Dial() {
  const { t } = useLingui();
  const village = useVillage();
  const { client } = useConsole();
  const [address, setAddress] = useState('');
  const dial = useCommand(client.sync.dial);
  const wanted = address.trim();
  const change = (text: string) => {
    setAddress(text);
    dial.reset();
  };
  const send = () => {
    if (wanted.length >= 4) dial.send({ village: village.id, address: wanted });
  };
  return (
    <Form onSend={send}>
      <Field
        label={t`Its address`}
        hint={t`It stands on the other screen, under Sync.`}
        kind="code"
        name="address"
        placeholder="/ip4/192.168.1.20/tcp/4101/p2p/12D3…"
        value={address}
        onChange={change}
      />
      <InlineError error={dial.error} />
      {dial.done && (
        <p role="status" className={s['reached']}>
          <Trans>Reached. This console remembers the address and tries it again by itself.</Trans>
        </p>
      )}
      <div>
        <Button submit disabled={wanted.length < 4} busy={dial.busy}>
          <Trans>Connect</Trans>
        </Button>
      </div>
    </Form>
  );
}
