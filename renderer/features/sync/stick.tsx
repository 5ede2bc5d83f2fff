import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { Usb } from 'lucide-react';
import { useApi } from '../../app/console-context.tsx';
import { useVillage } from '../../app/village-context.tsx';
import type { Out } from '../../app/wire.ts';
import { Block, Stack } from '../../ui/layout.tsx';
import { LinkLostContext, View } from '../../ui/view.tsx';
import { StickIn } from './stick-in.tsx';
import { StickOut } from './stick-out.tsx';
import s from './sync.module.css';

/** Where “prepare a stick” leads. */
export const STICK = 'usb-stick';
export type StickNews = Out['bundles']['state'];

/** For consoles that no network reaches: the same records and days as a file. */
export function Stick(p: { readonly reader: string | null; readonly onReader: (id: string) => void }) {
  const { t } = useLingui();
  const village = useVillage();
  const news = useQuery(useApi().bundles.state.queryOptions({ input: { village: village.id } }));
  return (
    <div id={STICK} tabIndex={-1} className={s['target']}>
      <Block title={<Trans>USB stick</Trans>} icon={<Usb size={20} aria-hidden />}>
        {/* the page says once that its core does not answer */}
        <LinkLostContext value={false}>
          <View of={news} loading={t`Looking what others lack`}>
            {(data) => (
              <Stack>
                <StickOut news={data} chosen={p.reader} onChoose={p.onReader} />
                <StickIn last={data.lastIn} />
              </Stack>
            )}
          </View>
        </LinkLostContext>
      </Block>
    </div>
  );
}
