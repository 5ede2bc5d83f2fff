import { Trans, useLingui } from '@lingui/react/macro';
import { Images } from 'lucide-react';
import { useRef, useState } from 'react';
import { createFrameCollector, type Payload } from '#domain/carrier/qr-frames.ts';
import { Button } from '../ui/button.tsx';
import { Form } from '../ui/dialog.tsx';
import { Field } from '../ui/field.tsx';
import { FileChoose } from '../ui/file-pick.tsx';
import { useFormat } from '../ui/format.tsx';
import { Muted, Note, Stack } from '../ui/layout.tsx';
import { Progress } from '../ui/marks.tsx';
import s from './qr.module.css';
import { createQrReader, STILL } from './qr-reader.ts';
import { useCamera } from './use-camera.ts';

interface Scanned {
  /** All frames of a payload came together. */
  readonly onPayload: (payload: Payload) => void;
  /** A code that is no frame, such as a printed one. */
  readonly onText?: (text: string) => void;
}
/** So many frames of another payload in a row mean that the other screen shows something new. */
const OTHERS_BEFORE_RESTART = 3;

/** Reads codes by the camera, from pictures, or from the text behind them. */
export function QrScan(p: Scanned) {
  const { t } = useLingui();
  const collecting = useCollecting(p);
  const { video, state } = useCamera(collecting.take);
  return (
    <Stack>
      <video ref={video} className={s['camera']} muted playsInline hidden={state !== 'on'} aria-label={t`Camera`} />
      {state === 'asking' && (
        <Muted>
          <Trans>Asking for the camera. Allow it in the window that opens.</Trans>
        </Muted>
      )}
      {state === 'denied' && (
        <Note bad>
          <Trans>The camera is not allowed for this page. Allow it in the address bar, or use pictures or text.</Trans>
        </Note>
      )}
      {state === 'none' && (
        <Note>
          <Trans>There is no camera here. Take pictures of the codes with a phone, or use the text.</Trans>
        </Note>
      )}
      <Gathered progress={collecting.progress} hasCamera={state === 'on'} />
      {collecting.seenNothing && (
        <Note bad>
          <Trans>No code was found in the picture. Take it straight on and close.</Trans>
        </Note>
      )}
      <FileChoose accept="image/*" several onFiles={(files) => void collecting.takePictures(files)}>
        <Images aria-hidden />
        <Trans>Choose pictures</Trans>
      </FileChoose>
      <TextInstead onText={collecting.takeLines} />
    </Stack>
  );
}

function Gathered(p: { readonly progress: { have: number; of: number } | null; readonly hasCamera: boolean }) {
  const { progress, hasCamera } = p;
  const { t } = useLingui();
  const format = useFormat();
  if (!progress && !hasCamera) return null;
  if (!progress)
    return (
      <Muted>
        <Trans>Hold the code in front of the camera, so that it fills most of the picture.</Trans>
      </Muted>
    );
  return (
    <div role="status">
      <p>
        <Trans>
          <b>
            {format.count(progress.have)} of {format.count(progress.of)}
          </b>{' '}
          codes read. Hold still.
        </Trans>
      </p>
      <Progress label={t`Codes read`} done={progress.have} of={progress.of} />
    </div>
  );
}

function TextInstead({ onText }: { readonly onText: (text: string) => void }) {
  const { t } = useLingui();
  const [text, setText] = useState('');
  return (
    <details className={s['instead']}>
      <summary>
        <Trans>Use the text instead</Trans>
      </summary>
      <Form onSend={() => onText(text)}>
        <Field label={t`Text of the codes`} kind="code" long value={text} onChange={setText} />
        <div>
          <Button submit look="line" disabled={text.trim() === ''}>
            <Trans>Read the text</Trans>
          </Button>
        </div>
      </Form>
    </details>
  );
}

function useCollecting({ onPayload, onText }: Scanned) {
  const collector = useRef(createFrameCollector());
  const others = useRef(0);
  const isDone = useRef(false);
  const [progress, setProgress] = useState<{ have: number; of: number } | null>(null);
  const [seenNothing, setSeenNothing] = useState(false);
  const take = (text: string): void => {
    if (isDone.current) return;
    const collected = collector.current.add(text);
    others.current = collected === 'other' ? others.current + 1 : 0;
    if (others.current >= OTHERS_BEFORE_RESTART) {
      collector.current = createFrameCollector();
      collector.current.add(text);
    }
    if (collected === 'none') {
      if (onText && !text.startsWith('GP1:')) onText(text);
      return;
    }
    setProgress(collector.current.progress() ?? null);
    const payload = collector.current.payload();
    if (!payload) return;
    isDone.current = true;
    onPayload(payload);
  };
  return {
    take,
    progress,
    seenNothing,
    takeLines: (text: string) => {
      for (const line of text.split('\n')) if (line.trim() !== '') take(line.trim());
    },
    async takePictures(files: readonly File[]) {
      const reader = await createQrReader(STILL);
      let found = 0;
      for (const file of files) {
        const picture = await createImageBitmap(file).catch(() => undefined);
        const text = picture && reader.read(picture, picture.width, picture.height);
        picture?.close();
        if (text === undefined) continue;
        found += 1;
        take(text);
      }
      setSeenNothing(found === 0);
    },
  };
}
