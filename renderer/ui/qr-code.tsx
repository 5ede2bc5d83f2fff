import encodeQR from 'qr';
import { useMemo } from 'react';
import s from './marks.module.css';

/** A QR code drawn as one path; a text too long for a code gives nothing. */
export function QrCode({
  text,
  label,
  sizePx,
  forCamera = false,
}: {
  readonly text: string;
  readonly label: string;
  readonly sizePx?: number;
  /** Wide margin and spare squares: it is read off a screen in passing. */
  readonly forCamera?: boolean;
}) {
  const drawn = useMemo(() => draw(text, forCamera), [text, forCamera]);
  if (!drawn) return null;
  return (
    <svg
      className={s['qr']}
      viewBox={`0 0 ${drawn.size} ${drawn.size}`}
      role="img"
      aria-label={label}
      shapeRendering="crispEdges"
      style={sizePx ? { inlineSize: sizePx, maxInlineSize: '100%', blockSize: 'auto', aspectRatio: '1' } : undefined}
    >
      <rect width={drawn.size} height={drawn.size} fill="#fff" />
      <path d={drawn.path} fill="#000" />
    </svg>
  );
}

function draw(text: string, forCamera: boolean): { readonly path: string; readonly size: number } | null {
  try {
    const rows = encodeQR(text, 'raw', forCamera ? { ecc: 'medium', border: 4 } : { ecc: 'low', border: 2 });
    let path = '';
    for (const [y, row] of rows.entries())
      for (const [x, dark] of row.entries()) if (dark) path += `M${x} ${y}h1v1h-1z`;
    return { path, size: rows.length };
  } catch {
    return null;
  }
}
