import { useState } from 'react';
import { useConsole } from '../../app/console-context.tsx';
import { fetchFile } from '../../app/file-transfer.ts';
import type { JobState } from '../../app/wire.ts';
import { saveFile } from '../../ui/files.ts';

/** Once the core has written the file, the browser saves it. */
export function useSaving() {
  const { client } = useConsole();
  const [part, setPart] = useState<{ done: number; of: number } | null>(null);
  const [saved, setSaved] = useState<string | null>(null);
  const [ended, setEnded] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const bring = async ({ state, result }: JobState) => {
    try {
      if (state !== 'done' || !result) return;
      const name = String(result['name']);
      const told = (done: number, of: number) => setPart({ done, of });
      saveFile(name, await fetchFile(client, String(result['file']), Number(result['bytes']), told));
      setSaved(name);
    } catch (e) {
      setError(e);
    } finally {
      setPart(null);
      setEnded(true);
    }
  };
  return {
    part,
    saved,
    ended,
    error,
    onEnd: (state: JobState) => void bring(state),
    reset() {
      setSaved(null);
      setEnded(false);
      setError(null);
    },
  };
}
