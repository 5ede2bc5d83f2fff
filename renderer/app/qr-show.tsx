import { Trans, useLingui } from '@lingui/react/macro';
import { ChevronLeft, ChevronRight, Pause, Play } from 'lucide-react';
import { useEffect, useMemo, useState } from 'react';
import { cutIntoFrames, type Payload } from '#domain/carrier/qr-frames.ts';
import { Button } from '../ui/button.tsx';
import { CopyButton } from '../ui/copy-button.tsx';
import { useFormat } from '../ui/format.tsx';
import { Muted, Row } from '../ui/layout.tsx';
import { QrCode } from '../ui/qr-code.tsx';
import s from './qr.module.css';

/** Slow enough for a cheap camera to see every code whole. */
const FRAME_MS = 200;
const SIZE_PX = 380;
const stillWanted = (): boolean => window.matchMedia('(prefers-reduced-motion: reduce)').matches;

/** A payload as codes that follow one another; a code that was missed is made up for by any later one. */
export function QrShow({ payload, withText }: { readonly payload: Payload; readonly withText?: boolean }) {
  const { t } = useLingui();
  const format = useFormat();
  const source = useMemo(() => cutIntoFrames(payload), [payload]);
  const [n, setN] = useState(0);
  const [playing, setPlaying] = useState(() => source.parts > 1 && !stillWanted());
  useEffect(() => {
    if (!playing) return;
    const timer = setInterval(() => setN((before) => before + 1), FRAME_MS);
    return () => clearInterval(timer);
  }, [playing]);
  const { parts } = source;
  const [nth, round] = [format.count((n % parts) + 1), format.count(Math.floor(n / parts) + 1)];
  return (
    <div className={s['show']}>
      <QrCode text={source.frame(n)} label={t`Code ${nth} of ${format.count(parts)}`} sizePx={SIZE_PX} forCamera />
      {parts > 1 && (
        <>
          <p>
            <b>
              <Trans>
                Code {nth} of {format.count(parts)}
              </Trans>
            </b>{' '}
            <Trans>round {round}</Trans>
          </p>
          <Row>
            <Button
              look="line"
              small
              disabled={n === 0 || playing}
              label={t`Previous code`}
              onPress={() => setN(n - 1)}
            >
              <ChevronLeft aria-hidden />
            </Button>
            <Button look="line" small onPress={() => setPlaying(!playing)}>
              {playing ? <Pause aria-hidden /> : <Play aria-hidden />}
              {playing ? <Trans>Pause</Trans> : <Trans>Play</Trans>}
            </Button>
            <Button look="line" small disabled={playing} label={t`Next code`} onPress={() => setN(n + 1)}>
              <ChevronRight aria-hidden />
            </Button>
          </Row>
          <Muted>
            <Trans>Hold the other laptop’s camera in front of this until it says that it has everything.</Trans>
          </Muted>
        </>
      )}
      {withText && (
        <CopyButton
          text={Array.from({ length: parts }, (_, i) => source.frame(i)).join('\n')}
          label={t`Copy the codes as text`}
        />
      )}
    </div>
  );
}
