/** Hands a text file to the browser to save. */
export const saveText = (fileName: string, text: string, type = 'text/plain'): void =>
  saveFile(fileName, new Blob([text], { type: `${type};charset=utf-8` }));

/** Hands a file to the browser, which asks where to put it or puts it where it puts files. */
export function saveFile(fileName: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const a = document.createElement('a');
  a.href = url;
  a.download = fileName;
  a.click();
  URL.revokeObjectURL(url);
}

/** One CSV line (RFC 4180); a cell that a spreadsheet would run as a formula is quoted as text. */
export const csvLine = (cells: readonly string[]): string =>
  `${cells
    .map((cell) => {
      const safe = /^[=+@\t\r]/.test(cell) || /^-(?!\d+(\.\d+)?$)/.test(cell) ? `'${cell}` : cell;
      return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
    })
    .join(',')}\r\n`;
