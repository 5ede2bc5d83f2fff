import { Plural, Trans } from '@lingui/react/macro';
import { Block, Muted, Small } from '../../ui/layout.tsx';
import { SealWords } from '../../ui/marks.tsx';
import type { SyncStatus } from './sync.tsx';

/** The hash of the whole book as words that two people compare by reading aloud. */
export function SameBooks({ status }: { readonly status: Pick<SyncStatus, 'words' | 'records'> }) {
  const { records } = status;
  return (
    <Block title={<Trans>Same on both?</Trans>}>
      <Small>
        <Trans>
          Read these words aloud to the person at the other console. If theirs are the same, the books are the same.
        </Trans>
      </Small>
      <SealWords words={status.words} />
      <Muted>
        <Plural value={records} one="# record" other="# records" />
      </Muted>
    </Block>
  );
}
