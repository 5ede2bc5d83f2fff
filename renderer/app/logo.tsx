/** Two flows that cross: the mark of Gridpact. */
export function Logo({ sizePx = 28 }: { readonly sizePx?: number }) {
  return (
    <svg width={sizePx} height={sizePx} viewBox="0 0 32 32" aria-hidden="true" style={{ flex: 'none' }}>
      <rect width="32" height="32" rx="7" fill="#0a100e" />
      <g fill="none">
        <path d="M4 10h9c6 0 6 12 12 12h3" stroke="#f5b82e" strokeWidth="5" />
        <path d="M4 22h9c6 0 6-12 12-12h3" stroke="#0a100e" strokeWidth="8" />
        <path d="M4 22h9c6 0 6-12 12-12h3" stroke="#6fb4f0" strokeWidth="5" />
      </g>
    </svg>
  );
}
