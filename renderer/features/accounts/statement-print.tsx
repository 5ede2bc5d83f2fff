import { Trans, useLingui } from '@lingui/react/macro';
import { useFormat } from '../../ui/format.tsx';
import { Simulated } from '../../ui/marks.tsx';
import { QrCode } from '../../ui/qr-code.tsx';
import { PERIOD_WORDS } from '../../ui/words.ts';
import { useLineWords } from './statement-lines.tsx';
import type { StatementCard } from './statement-page.tsx';

const QR_PX = 150;

/** One statement on paper: every line, the sum, who signed, and a code that can be checked with no network. */
export function StatementPrint({ card, simulated }: { readonly card: StatementCard; readonly simulated: boolean }) {
  const { t } = useLingui();
  const format = useFormat();
  const words = useLineWords();
  const { statement, batch } = card;
  const signed = batch?.signers.filter((x) => x.signedAtMs !== null).map((x) => x.member.name) ?? [];
  const rows = statement.lines.map((line, i) => ({ line, key: `${line.kind}-${i}` }));
  return (
    <section style={{ breakAfter: 'page' }}>
      <p>
        <b>{card.villageName}</b>, {format.month(card.month)} <Simulated on={simulated} />
      </p>
      <h1>{statement.member.name}</h1>
      <table>
        <tbody>
          {rows.map(({ line, key }) => (
            <tr key={key}>
              <th scope="row">
                {words(line)}
                {line.wh !== null && (
                  <>
                    <br />
                    {line.meterName}: {format.energy(line.wh, 3)}
                    {line.pricePerKwh !== null && ` × ${format.minor(line.pricePerKwh)}`}
                  </>
                )}
              </th>
              <td className="end">{format.minor(line.amountMinor, true)}</td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">{statement.netMinor < 0n ? t`To pay` : t`To get`}</th>
            <td className="end">{format.money(statement.netMinor < 0n ? -statement.netMinor : statement.netMinor)}</td>
          </tr>
        </tfoot>
      </table>
      <p>
        {t(PERIOD_WORDS[card.state])}
        {signed.length > 0 && (
          <>
            {'. '}
            <Trans>Signed by {new Intl.ListFormat(format.locale).format(signed)}</Trans>
          </>
        )}
        {batch && (
          <>
            <br />
            {batch.words.join(' ')}
          </>
        )}
      </p>
      <QrCode text={card.qr} label={t`Code of this statement`} sizePx={QR_PX} />
      <p>
        <Trans>Receipt {card.receipt}. Any phone with Gridpact can check it with no network.</Trans>
      </p>
    </section>
  );
}
