import { Plural, Trans } from '@lingui/react/macro';
import { useFormat } from '../ui/format.tsx';

interface Amount {
  readonly entries: number;
  readonly days: number;
}

/** Records and days of readings in words; what there is none of is left out. */
export function AmountText({ entries, days }: Amount) {
  const records = <Plural value={entries} one="# record" other="# records" />;
  const readings = <Plural value={days} one="# day of readings" other="# days of readings" />;
  if (entries === 0 && days === 0) return <Trans>nothing</Trans>;
  if (days === 0) return records;
  if (entries === 0) return readings;
  return (
    <Trans>
      {records} and {readings}
    </Trans>
  );
}

const KB = 1000;
/** A size as people know it from their files. */
export function SizeText({ bytes }: { readonly bytes: number }) {
  const { locale } = useFormat();
  const inMb = bytes >= KB * KB;
  const figure = new Intl.NumberFormat(locale, { maximumSignificantDigits: 2 }).format(
    inMb ? bytes / KB / KB : Math.max(1, bytes / KB),
  );
  return inMb ? <Trans>{figure} MB</Trans> : <Trans>{figure} kB</Trans>;
}
