import { useState } from 'react';
import { sendFile } from '../../app/file-transfer.ts';
import { useCommand } from '../../app/use-command.ts';
import type { ConsoleClient } from '../../app/wire.ts';

/** The saved file goes to the core, which holds it against what is here before anything is removed. */
export function useRemoving(client: ConsoleClient, village: string, month: string) {
  const [sending, setSending] = useState<{ readonly done: number; readonly of: number } | null>(null);
  const [job, setJob] = useState<string | null>(null);
  const [isRunning, setRunning] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const drop = useCommand(client.archive.drop);
  const send = async (given: File) => {
    try {
      const told = (done: number, of: number) => setSending({ done, of });
      const file = await sendFile(client, given, told, new AbortController().signal);
      const started = await drop.sendAsync({ village, month, file, name: given.name });
      setJob(started.job);
    } catch (e) {
      setError(e);
      setRunning(false);
    } finally {
      setSending(null);
    }
  };
  return {
    sending,
    job,
    error,
    busy: isRunning,
    remove(given: File) {
      setError(null);
      setJob(null);
      setRunning(true);
      void send(given);
    },
    onEnd: () => setRunning(false),
  };
}
