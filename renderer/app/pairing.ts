/** True unless the gateway says that it does not know this browser. A gateway that is away is not a refusal. */
export async function isPaired(): Promise<boolean> {
  try {
    return (await fetch('/session', { credentials: 'same-origin', cache: 'no-store' })).status !== 401;
  } catch {
    return true;
  }
}

/** Gives the one-time code; the gateway answers with a cookie that scripts cannot read. */
export async function pair(code: string): Promise<'paired' | 'refused' | 'away'> {
  try {
    const answer = await fetch('/pair', {
      method: 'POST',
      credentials: 'same-origin',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ code: code.trim() }),
    });
    return answer.ok ? 'paired' : 'refused';
  } catch {
    return 'away';
  }
}

/** Takes `#pair=CODE` out of the address, so that it stays in no history, and answers the code. */
export function takeCodeFromAddress(): string | null {
  const match = /^#pair=([^&]+)$/.exec(location.hash);
  if (!match?.[1]) return null;
  history.replaceState(null, '', `${location.pathname}${location.search}#/`);
  return decodeURIComponent(match[1]);
}
