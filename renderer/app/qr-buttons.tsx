import { Trans } from '@lingui/react/macro';
import { QrCode as QrIcon, ScanQrCode } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { Button } from '../ui/button.tsx';
import { Row } from '../ui/layout.tsx';

const QrSendDialog = lazy(async () => ({ default: (await import('./qr-dialogs.tsx')).QrSendDialog }));
const QrReceiveDialog = lazy(async () => ({ default: (await import('./qr-dialogs.tsx')).QrReceiveDialog }));

/** Two screens face to face: one shows, the other reads. */
export function QrButtons() {
  const [open, setOpen] = useState<'show' | 'scan' | null>(null);
  const close = () => setOpen(null);
  return (
    <>
      <Row>
        <Button look="line" onPress={() => setOpen('show')}>
          <QrIcon aria-hidden />
          <Trans>Show codes</Trans>
        </Button>
        <Button look="line" onPress={() => setOpen('scan')}>
          <ScanQrCode aria-hidden />
          <Trans>Scan codes</Trans>
        </Button>
      </Row>
      <Suspense fallback={null}>
        {open === 'show' && <QrSendDialog onClose={close} />}
        {open === 'scan' && <QrReceiveDialog onClose={close} />}
      </Suspense>
    </>
  );
}
