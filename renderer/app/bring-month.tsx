import { Trans } from '@lingui/react/macro';
import { Download, RefreshCw } from 'lucide-react';
import { Button } from '../ui/button.tsx';
import { FileChoose } from '../ui/file-pick.tsx';
import { useFormat } from '../ui/format.tsx';
import { Row } from '../ui/layout.tsx';
import { InlineError } from '../ui/view.tsx';
import { BringingSteps } from './bringing-steps.tsx';
import { useConsole } from './console-context.tsx';
import { JobProgress } from './job-progress.tsx';
import { useBringing } from './use-bringing.ts';
import { useCommand } from './use-command.ts';
import { useVillage } from './village-context.tsx';

/** A month that is not here comes back out of its file, or from a console that kept it. */
export function BringMonth({ month }: { readonly month: string }) {
  const name = useFormat().month(month);
  const village = useVillage();
  const { client } = useConsole();
  const bringing = useBringing(client, village.id);
  const fetch = useCommand(client.archive.bring);
  return (
    <>
      <BringingSteps bringing={bringing} />
      {fetch.done && <JobProgress key={fetch.done.job} job={fetch.done.job} />}
      <InlineError error={fetch.error} />
      <Row>
        <FileChoose busy={bringing.busy} onFiles={([file]) => file && bringing.bring(file)}>
          <Download aria-hidden />
          <Trans>Bring {name} back</Trans>
        </FileChoose>
        <Button
          look="line"
          small
          busy={fetch.busy}
          onPress={() => {
            fetch.reset();
            fetch.send({ village: village.id, month });
          }}
        >
          <RefreshCw aria-hidden />
          <Trans>Fetch {name} from other consoles</Trans>
        </Button>
      </Row>
    </>
  );
}
