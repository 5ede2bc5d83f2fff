import { useEffect, useState } from 'react';

const TICK_MS = 10_000;

/** This window's clock, renewed often enough for ages in minutes. */
export function useClockMs(): number {
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return nowMs;
}
