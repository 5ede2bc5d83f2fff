/** What the stand-in tells the test, and what the test may ask of it. */
export type ShellEvent =
  | { readonly event: 'loaded' }
  | { readonly event: 'page-error'; readonly text: string }
  | { readonly event: 'navigation' | 'window-open'; readonly url: string; readonly denied: boolean }
  | { readonly event: 'dialog'; readonly kind: 'message' | 'error'; readonly text: string }
  | { readonly event: 'answer'; readonly id: number; readonly value?: unknown; readonly error?: string };

export type ShellQuestion = { readonly id: number } & (
  | { readonly ask: 'evaluate'; readonly expression: string }
  | { readonly ask: 'url' | 'core-pids' | 'quit' }
  | { readonly ask: 'would-grant'; readonly permission: string; readonly media?: readonly ('audio' | 'video')[] }
);

export function tell(event: ShellEvent): void {
  if (process.connected) process.send?.(event);
}
