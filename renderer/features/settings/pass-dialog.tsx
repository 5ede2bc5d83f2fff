import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { Save } from 'lucide-react';
import { useApi } from '../../app/console-context.tsx';
import { useVillage } from '../../app/village-context.tsx';
import { Button } from '../../ui/button.tsx';
import { CopyButton } from '../../ui/copy-button.tsx';
import { Dialog, DialogFoot } from '../../ui/dialog.tsx';
import { saveText } from '../../ui/files.ts';
import { Note, Row, Small, Stack } from '../../ui/layout.tsx';
import { QrCode } from '../../ui/qr-code.tsx';
import { View } from '../../ui/view.tsx';

/** What a person carries to a second console of theirs. Their paper words, typed there, do the rest. */
export function PassDialog({ onClose }: { readonly onClose: () => void }) {
  const { t } = useLingui();
  const village = useVillage();
  const pass = useQuery(useApi().villages.consolePass.queryOptions({ input: { village: village.id } }));
  return (
    <Dialog title={t`Another console for me`} open onClose={onClose} wide>
      <View of={pass} loading={t`Making it ready`}>
        {({ text }) => (
          <Stack>
            <Small>
              <Trans>
                On the other console choose “Join a village” and give it this. It asks for your twelve paper words.
              </Trans>
            </Small>
            <QrCode text={text} label={t`Way in for another console, as a code`} sizePx={280} />
            <Row>
              <CopyButton text={text} />
              <Button look="line" onPress={() => saveText(`${village.name}.gridpact`, text)}>
                <Save aria-hidden />
                <Trans>Save as a file</Trans>
              </Button>
            </Row>
            <Note>
              <Trans>
                Whoever holds this can read along on the village network. It signs nothing without your words.
              </Trans>
            </Note>
          </Stack>
        )}
      </View>
      <DialogFoot>
        <Button onPress={onClose}>
          <Trans>Done</Trans>
        </Button>
      </DialogFoot>
    </Dialog>
  );
}
