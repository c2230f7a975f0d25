// Breaks text for a terminal between words.

/** Lines of at most `width` characters; a word that is longer has its own line. None for an empty text. */
export function wordWrap(text: string, width: number): string[] {
  if (text === '') return [];
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
