import { Trans } from '@lingui/react/macro';
import { SizeText } from '../../app/amounts.tsx';
import { Note } from '../../ui/layout.tsx';
import type { SyncStatus } from './sync.tsx';

/** On a disk that is nearly full this console keeps the rest for its own records, and says so. */
export function DiskNotice({ disk }: { readonly disk: SyncStatus['disk'] }) {
  if (disk.freeBytes > disk.reservedBytes) return null;
  return (
    <Note>
      <Trans>
        This disk is nearly full: <SizeText bytes={disk.freeBytes} /> left. Until more than{' '}
        <SizeText bytes={disk.reservedBytes} /> are free, nothing is taken from others. What you write here is still
        kept. Remove files you do not need; what others have comes by itself then.
      </Trans>
    </Note>
  );
}
