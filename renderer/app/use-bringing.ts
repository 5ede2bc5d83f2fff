import { useCallback, useRef, useState } from 'react';
import { sendFile } from './file-transfer.ts';
import type { ConsoleClient, JobState, Out } from './wire.ts';

export type BundleReport = Out['bundles']['report'];
export type BringingStep =
  | { readonly at: 'idle' }
  | { readonly at: 'sending'; readonly done: number; readonly of: number }
  | { readonly at: 'checking'; readonly file: string; readonly job: string }
  | { readonly at: 'seen'; readonly file: string; readonly report: BundleReport }
  | { readonly at: 'taking'; readonly file: string; readonly job: string }
  | { readonly at: 'taken'; readonly joined: number; readonly days: number; readonly waiting: number }
  | { readonly at: 'failed'; readonly error: unknown };

export interface Bringing {
  readonly step: BringingStep;
  readonly busy: boolean;
  /** A file of this laptop. */
  readonly bring: (file: Blob) => void;
  /** A file that the core holds already. */
  readonly look: (file: () => Promise<string>) => void;
  readonly onEnd: (state: JobState) => void;
  readonly take: (wholeParts: boolean) => void;
  readonly leave: () => void;
}

/** The way of a file into the books: sent to the core, looked at, and taken when the person says so. */
export function useBringing(client: ConsoleClient, village: string): Bringing {
  const [step, setStep] = useState<BringingStep>({ at: 'idle' });
  const running = useRef(new AbortController());
  const commandId = () => crypto.randomUUID();

  const run = useCallback(async (work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      setStep({ at: 'failed', error });
    }
  }, []);
  const look = (file: () => Promise<string>) =>
    void run(async () => {
      const held = await file();
      const { job } = await client.bundles.check({ village, file: held, commandId: commandId() });
      setStep({ at: 'checking', file: held, job });
    });
  const onEnd = (state: JobState) =>
    void run(async () => {
      if (state.state !== 'done') {
        setStep(state.error ? { at: 'failed', error: { code: state.error.code, data: state.error } } : { at: 'idle' });
        return;
      }
      if (step.at === 'checking')
        setStep({ at: 'seen', file: step.file, report: await client.bundles.report({ village, file: step.file }) });
      if (step.at === 'taking') {
        const figure = (name: string): number => Number(state.result?.[name] ?? 0);
        const joined = figure('joined') + figure('restored');
        setStep({ at: 'taken', joined, days: figure('days'), waiting: figure('waiting') });
      }
    });
  return {
    step,
    busy: step.at === 'sending' || step.at === 'checking' || step.at === 'taking',
    look,
    bring(file) {
      running.current = new AbortController();
      setStep({ at: 'sending', done: 0, of: file.size });
      const told = (done: number, of: number) => setStep({ at: 'sending', done, of });
      look(() => sendFile(client, file, told, running.current.signal));
    },
    onEnd,
    take: (wholeParts) =>
      void run(async () => {
        if (step.at !== 'seen') return;
        const { file } = step;
        const { job } = await client.bundles.take({ village, file, wholeParts, commandId: commandId() });
        setStep({ at: 'taking', file, job });
      }),
    leave() {
      if (step.at === 'seen') void client.bundles.drop({ file: step.file }).catch(() => undefined);
      setStep({ at: 'idle' });
    },
  };
}
