import { type RefObject, useEffect, useRef, useState } from 'react';
import { createQrReader, FILM, type QrReader } from './qr-reader.ts';

export type CameraState = 'asking' | 'on' | 'denied' | 'none';

/** Looks through the camera and tells every code it sees, until it is taken off the screen. */
export function useCamera(onText: (text: string) => void): {
  readonly video: RefObject<HTMLVideoElement | null>;
  readonly state: CameraState;
} {
  const video = useRef<HTMLVideoElement>(null);
  const told = useRef(onText);
  const [state, setState] = useState<CameraState>('asking');
  useEffect(() => {
    told.current = onText;
  });
  useEffect(() => {
    const element = video.current;
    const stop = new AbortController();
    let stream: MediaStream | undefined;
    const look = async (): Promise<void> => {
      stream = await openCamera();
      if (stop.signal.aborted || !element) {
        endStream(stream);
        return;
      }
      element.srcObject = stream;
      await element.play();
      setState('on');
      const reader = await createQrReader(FILM);
      while (!stop.signal.aborted) {
        const text = readNow(reader, element);
        if (text !== undefined) told.current(text);
        await nextFrame(element, stop.signal);
      }
    };
    look().catch((e: unknown) => {
      if (stop.signal.aborted) return;
      setState(e instanceof DOMException && e.name === 'NotAllowedError' ? 'denied' : 'none');
    });
    return () => {
      stop.abort();
      if (stream) endStream(stream);
    };
  }, []);
  return { video, state };
}

async function openCamera(): Promise<MediaStream> {
  // absent where the page came over plain http from another machine
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (!devices) throw new Error('no camera may be asked for here');
  return await devices.getUserMedia({
    audio: false,
    video: { facingMode: 'environment', width: { ideal: 1280 }, height: { ideal: 720 } },
  });
}
const endStream = (stream: MediaStream): void => {
  for (const track of stream.getTracks()) track.stop();
};
const readNow = (reader: QrReader, video: HTMLVideoElement): string | undefined =>
  video.videoWidth > 0 ? reader.read(video, video.videoWidth, video.videoHeight) : undefined;

/** Between two pictures the page is free for everything else. */
const nextFrame = (video: HTMLVideoElement, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
    video.requestVideoFrameCallback(() => resolve());
  });
