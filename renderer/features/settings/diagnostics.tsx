import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { FileDown, Stethoscope } from 'lucide-react';
import { useState } from 'react';
import { useApi } from '../../app/console-context.tsx';
import { useVillage } from '../../app/village-context.tsx';
import { Button } from '../../ui/button.tsx';
import { CopyButton } from '../../ui/copy-button.tsx';
import { Dialog, DialogFoot } from '../../ui/dialog.tsx';
import { saveText } from '../../ui/files.ts';
import { Block, Muted, Small } from '../../ui/layout.tsx';
import { View } from '../../ui/view.tsx';
import s from './settings.module.css';

/** A text for support: shown first, saved only when a person wants it. */
export function Diagnostics() {
  const [open, setOpen] = useState(false);
  return (
    <Block title={<Trans>When something is wrong</Trans>}>
      <Muted>
        <Trans>A short text with versions, counts and states. It holds no key, no name and no reading.</Trans>
      </Muted>
      <div className={s['copy']}>
        <Button look="line" onPress={() => setOpen(true)}>
          <Stethoscope aria-hidden />
          <Trans>Make a diagnostics file</Trans>
        </Button>
      </div>
      {open && <DiagnosticsDialog onClose={() => setOpen(false)} />}
    </Block>
  );
}

function DiagnosticsDialog({ onClose }: { readonly onClose: () => void }) {
  const { t } = useLingui();
  const village = useVillage();
  const made = useQuery(
    useApi().villages.diagnostics.queryOptions({ input: { village: village.id }, staleTime: 0, gcTime: 0 }),
  );
  return (
    <Dialog title={t`Diagnostics`} open onClose={onClose} wide>
      <Small>
        <Trans>Read it before you send it. Nothing is sent from here.</Trans>
      </Small>
      <View of={made} loading={t`Counting`}>
        {({ text }) => (
          <>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it */}
            <section className={s['text']} tabIndex={0} aria-label={t`Diagnostics`}>
              <pre>{text}</pre>
            </section>
            <DialogFoot>
              <CopyButton text={text} />
              <Button onPress={() => saveText('gridpact-diagnostics.txt', text)}>
                <FileDown aria-hidden />
                <Trans>Save as file</Trans>
              </Button>
            </DialogFoot>
          </>
        )}
      </View>
    </Dialog>
  );
}
