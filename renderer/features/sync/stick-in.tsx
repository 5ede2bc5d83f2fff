import { Trans } from '@lingui/react/macro';
import { Download } from 'lucide-react';
import { AmountText } from '../../app/amounts.tsx';
import { BringingSteps } from '../../app/bringing-steps.tsx';
import { useConsole } from '../../app/console-context.tsx';
import { useBringing } from '../../app/use-bringing.ts';
import { useVillage } from '../../app/village-context.tsx';
import { FileChoose } from '../../ui/file-pick.tsx';
import { useFormat } from '../../ui/format.tsx';
import { Small } from '../../ui/layout.tsx';
import type { StickNews } from './stick.tsx';
import s from './sync.module.css';

/** Reads a file: it is looked at first, and taken in when the person says so. */
export function StickIn({ last }: { readonly last: StickNews['lastIn'] }) {
  const village = useVillage();
  const { client } = useConsole();
  const bringing = useBringing(client, village.id);
  return (
    <div className={s['stick']}>
      <h3>
        <Trans>Bring in</Trans>
      </h3>
      <Small>{last ? <LastIn last={last} /> : <Trans>Choose the file on the stick. It is checked first.</Trans>}</Small>
      <BringingSteps bringing={bringing} />
      <FileChoose busy={bringing.busy} onFiles={([file]) => file && bringing.bring(file)}>
        <Download aria-hidden />
        <Trans>Read stick</Trans>
      </FileChoose>
    </div>
  );
}

function LastIn({ last }: { readonly last: NonNullable<StickNews['lastIn']> }) {
  const format = useFormat();
  const day = format.day(last.atMs);
  const amount = <AmountText entries={last.entries} days={last.days} />;
  const { name } = last;
  return name === null ? (
    <Trans>
      Last on {day}: {amount}.
    </Trans>
  ) : (
    <Trans>
      Last on {day}, from {name}: {amount}.
    </Trans>
  );
}
