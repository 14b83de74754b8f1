/**
 * Text for a terminal, in lines that fit.
 */

/** Lines of at most `columns` where words are short enough, each after the indent. */
export function wrap(text: string, columns: number, before: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && before.length + line.length + 1 + word.length > columns) {
      lines.push(before + line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, before + line];
}
