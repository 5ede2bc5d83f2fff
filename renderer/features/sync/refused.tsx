import { Trans, useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import { Button } from '../../ui/button.tsx';
import { Fold } from '../../ui/fold.tsx';
import { useFormat } from '../../ui/format.tsx';
import { Small, Tiny } from '../../ui/layout.tsx';
import { Count } from '../../ui/marks.tsx';
import { readBook } from './book-words.ts';
import { type Peer, shortPeer } from './peers.ts';
import { kindOfRefusal } from './refusal-kind.ts';
import { REFUSAL_WORDS } from './refusal-words.ts';
import s from './sync.module.css';
import type { SyncStatus } from './sync.tsx';

type Refusal = SyncStatus['refused'][number];
const SHOWN = 5;
/** Where the node says a refused entry came from when no peer sent it. */
const FILE = 'bundle';

/** Records that others offered and this console did not take. */
export function Refused({ refused, peers }: { readonly refused: readonly Refusal[]; readonly peers: readonly Peer[] }) {
  const [all, setAll] = useState(false);
  if (refused.length === 0) return null;
  const shown = all ? refused : refused.slice(0, SHOWN);
  return (
    <Fold
      title={<Trans>Refused records</Trans>}
      says={<Trans>They change nothing here. This console keeps only what it can check.</Trans>}
      extra={<Count>{refused.length}</Count>}
    >
      <ul className={s['refused']}>
        {shown.map((record, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a refusal has no id and never changes
          <RefusalLine key={`${record.atMs}-${i}`} record={record} peers={peers} />
        ))}
      </ul>
      {refused.length > shown.length && (
        <Button look="quiet" small onPress={() => setAll(true)}>
          <Trans>Show all</Trans>
        </Button>
      )}
    </Fold>
  );
}

function RefusalLine({ record, peers }: { readonly record: Refusal; readonly peers: readonly Peer[] }) {
  const { t, i18n } = useLingui();
  const format = useFormat();
  const words = REFUSAL_WORDS[kindOfRefusal(record.reason)];
  const known = record.name ?? peers.find((p) => p.peer === record.peer)?.name;
  const who = known ?? (record.peer === FILE ? t`a stick` : `…${shortPeer(record.peer)}`);
  const when = format.moment(record.atMs);
  const book = readBook(record.book);
  const name = book.name ? t(book.name) : record.book;
  const month = book.month ? format.month(book.month) : '';
  return (
    <li>
      <b>{t(words.what)}</b>
      <span>
        {name === '' ? (
          <Trans>
            From {who}, {when}
          </Trans>
        ) : month === '' ? (
          <Trans>
            From {who}, {when}, for the book of {name}
          </Trans>
        ) : (
          <Trans>
            From {who}, {when}, for the book of {name}, {month}
          </Trans>
        )}
      </span>
      <Small>{t(words.act)}</Small>
      {i18n.locale === 'en' && <Tiny>{record.reason}</Tiny>}
    </li>
  );
}
