import type { Out } from '../../app/wire.ts';
import { decimalText } from '../../ui/figures.ts';
import { csvLine } from '../../ui/files.ts';

type View = Out['accounts']['get'];
interface Place {
  readonly name: string;
  readonly simulated: boolean;
  readonly currency: { readonly code: string; readonly exponent: number };
}

const HEAD = [
  'village',
  'month',
  'state',
  'member',
  'member_id',
  'line',
  'with',
  'agreement_id',
  'meter',
  'hours',
  'gap_hours',
  'held_wh',
  'wh',
  'price_per_kwh',
  'amount',
  'currency',
  'simulated',
];

/** Every line of every statement, exact, one row each; amounts in the currency's own decimals. */
export function statementsCsv(view: View, place: Place): string {
  const { code, exponent } = place.currency;
  const money = (v: bigint | null) => (v === null ? '' : decimalText(v, exponent));
  const plain = (v: bigint | number | null) => (v === null ? '' : v.toString());
  const rows = view.statements.flatMap((x) =>
    x.lines.map((l) =>
      csvLine([
        place.name,
        view.month,
        view.state,
        x.member.name,
        x.member.id,
        l.kind,
        l.other?.name ?? '',
        l.agreement ?? '',
        l.meterName ?? '',
        plain(l.hours),
        plain(l.gapHours),
        plain(l.heldWh),
        plain(l.wh),
        money(l.pricePerKwh),
        money(l.amountMinor),
        code,
        place.simulated ? 'simulated' : 'no',
      ]),
    ),
  );
  return [csvLine(HEAD), ...rows].join('');
}
