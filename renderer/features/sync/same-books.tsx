import { Plural, Trans } from '@lingui/react/macro';
import { Block, Mono, Muted, Small } from '../../ui/layout.tsx';
import { SealWords } from '../../ui/marks.tsx';
import type { SyncStatus } from './sync.tsx';

const HEAD = 8;

/** The hash of the whole book as words that two people compare by reading aloud. */
export function SameBooks({ status }: { readonly status: Pick<SyncStatus, 'words' | 'stateHash' | 'records'> }) {
  const { records } = status;
  return (
    <Block title={<Trans>Same on both?</Trans>}>
      <Small>
        <Trans>Read this aloud to the other console. If the words match, the books match.</Trans>
      </Small>
      <SealWords words={status.words} />
      <Muted>
        <Plural value={records} one="# record" other="# records" /> <Mono>{status.stateHash.slice(0, HEAD)}</Mono>
      </Muted>
    </Block>
  );
}
