import { Trans, useLingui } from '@lingui/react/macro';
import { lazy, Suspense, useState } from 'react';
import { Button } from '../ui/button.tsx';
import s from './shell.module.css';
import { useVillage } from './village-context.tsx';

const NewDeviceDialog = lazy(() => import('./new-device-dialog.tsx').then((m) => ({ default: m.NewDeviceDialog })));

/** After a restore from a backup: what is wrong, and the way out. */
export function CopyNotice() {
  const { t } = useLingui();
  const [open, setOpen] = useState(false);
  if (!useVillage().copied) return null;
  return (
    <section className={s['copy']} aria-label={t`Restored copy`}>
      <p>
        <b>
          <Trans>This is a restored copy.</Trans>
        </b>{' '}
        <Trans>You can look at everything. Before it writes again, it must become a new device.</Trans>
      </p>
      <Button onPress={() => setOpen(true)}>
        <Trans>Make it a new device</Trans>
      </Button>
      <Suspense>{open && <NewDeviceDialog onClose={() => setOpen(false)} />}</Suspense>
    </section>
  );
}
