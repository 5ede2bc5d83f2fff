import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Payload } from '#domain/carrier/qr-frames.ts';
import { Dialog } from '../ui/dialog.tsx';
import { Pick } from '../ui/field.tsx';
import { Muted, Note, Small, Stack } from '../ui/layout.tsx';
import { View } from '../ui/view.tsx';
import { BringingSteps } from './bringing-steps.tsx';
import { useApi, useConsole } from './console-context.tsx';
import { fromBase64, toBase64 } from './file-transfer.ts';
import { QrScan } from './qr-scan.tsx';
import { QrShow } from './qr-show.tsx';
import { useBringing } from './use-bringing.ts';
import { useVillage } from './village-context.tsx';

const ANYONE = 'anyone';

/** People, assets and agreements for one other console, as codes on this screen. */
export function QrSendDialog({ onClose }: { readonly onClose: () => void }) {
  const { t } = useLingui();
  const village = useVillage();
  const api = useApi();
  const news = useQuery(api.bundles.state.queryOptions({ input: { village: village.id } }));
  const { client } = useConsole();
  const [chosen, setChosen] = useState<string | null>(null);
  const consoles = [...(news.data?.consoles ?? [])].sort((a, b) => (b.toldAtMs ?? 0) - (a.toldAtMs ?? 0));
  // Whom it is for must not change by itself either.
  if (chosen === null && news.data) setChosen(consoles[0]?.device ?? ANYONE);
  const device = chosen ?? ANYONE;
  const packed = useQuery({
    // The codes on the screen must not change while somebody reads them: news of the village does not reach this key.
    queryKey: ['codes shown', village.id, device],
    queryFn: () => client.bundles.pack({ village: village.id, device: device === ANYONE ? null : device }),
    enabled: chosen !== null,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  return (
    <Dialog title={t`Show as QR codes`} open onClose={onClose} wide>
      <Stack>
        <Small>
          <Trans>
            People, agreements and signatures, without a network. If this console knows what the other has, there are
            fewer codes: let it show you its codes first.
          </Trans>
        </Small>
        <Pick
          label={t`For`}
          none={t`Choose`}
          value={device}
          onChange={setChosen}
          options={[
            ...consoles.map((c) => ({ id: c.device, text: c.name ?? t`Console …${c.device.slice(-6)}` })),
            { id: ANYONE, text: t`Anyone of the village` },
          ]}
        />
        <View of={packed} loading={t`Making the codes`}>
          {(data) => <QrShow key={data.data} payload={{ kind: 'bundle', bytes: fromBase64(data.data) }} withText />}
        </View>
      </Stack>
    </Dialog>
  );
}

/** Codes on another screen, read by the camera and taken in like a file. */
export function QrReceiveDialog({ onClose }: { readonly onClose: () => void }) {
  const { t } = useLingui();
  const village = useVillage();
  const { client } = useConsole();
  const bringing = useBringing(client, village.id);
  const [isInvitation, setIsInvitation] = useState(false);
  const take = ({ kind, bytes }: Payload) => {
    if (kind === 'invitation') setIsInvitation(true);
    else bringing.look(async () => (await client.bundles.unpack({ data: toBase64(bytes) })).file);
  };
  return (
    <Dialog title={t`Scan QR codes`} open onClose={onClose} wide>
      <Stack>
        {bringing.step.at === 'idle' && !isInvitation ? (
          <QrScan onPayload={take} />
        ) : (
          <BringingSteps bringing={bringing} />
        )}
        {isInvitation && (
          <Note>
            <Trans>This is an invitation. It is used on a console that is not in the village yet, under “Join”.</Trans>
          </Note>
        )}
        {bringing.step.at === 'taken' && (
          <Muted>
            <Trans>You can close this now.</Trans>
          </Muted>
        )}
      </Stack>
    </Dialog>
  );
}
