import { useEffect, useRef } from 'react';
import { useLocation } from 'wouter';
import { SCREENS } from './places.ts';

/** True where a letter is text, not a command. */
const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  target.matches('input, textarea, select, [contenteditable="true"], [role="textbox"]');

/** The console's keys: Ctrl+K, `?`, and `g` followed by a number. */
export function useKeys(p: { readonly openPalette: () => void; readonly openKeys: () => void }): void {
  const [, go] = useLocation();
  const goNext = useRef(false);
  const { openPalette, openKeys } = p;
  useEffect(() => {
    const press = (e: KeyboardEvent) => {
      if ((e.ctrlKey || e.metaKey) && e.key.toLowerCase() === 'k') {
        e.preventDefault();
        return openPalette();
      }
      if (isTyping(e.target) || e.ctrlKey || e.metaKey || e.altKey || document.querySelector('[role="dialog"]')) return;
      if (e.key === '?') return openKeys();
      const screen = goNext.current ? SCREENS[Number(e.key) - 1] : undefined;
      goNext.current = e.key === 'g';
      if (screen) go(screen.to);
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, [go, openPalette, openKeys]);
}
