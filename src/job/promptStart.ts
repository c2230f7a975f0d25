// How a prompt begins, in one line: what lists show of a job, and what the search finds.

/** UTF-16 code units. */
export const longestPromptStart = 120;

/** A word that is cut loses at most so much of the line. */
const longestCutWord = 20;

/** Zero-width spaces, and what changes the direction of the text around it: in a list, that is the text of others. */
const invisible = /[\p{Cc}\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/**
 * Undefined if nothing of the prompt is visible. It ends with a space if the prompt is longer: an ellipsis would double the memory of
 * most strings.
 */
export function promptStart(prompt: string): string | undefined {
  const line = prompt
    .toWellFormed()
    .replaceAll(/[\s\u0085]+/gu, ' ')
    .replaceAll(invisible, '')
    .replaceAll(/ {2,}/g, ' ')
    .trim()
    .normalize('NFC');
  if (line === '') return undefined;
  return line.length <= longestPromptStart ? line : cut(line);
}

/** As people see it: with an ellipsis if the prompt is longer. */
export const shownStart = (start: string): string => (start.endsWith(' ') ? `${start.slice(0, -1)}…` : start);

/** After a word if its end is near, else after a character as a person sees it. */
function cut(line: string): string {
  const kept = firstCharacters(line);
  const space = kept.lastIndexOf(' ');
  const length = kept.reduce((sum, character) => sum + character.length, 0);
  const tail = kept.slice(space + 1).join('');
  const isWord = line[length] === ' ' || space < 1 || tail.length > longestCutWord;
  const shown = isWord ? kept : kept.slice(0, space);
  const end = shown.at(-1) === ' ' ? -1 : shown.length;
  // Joined, so that the line does not keep the whole prompt in memory, as a part of a string in V8 does.
  return [...shown.slice(0, end), ' '].join('');
}

const characters = new Intl.Segmenter('en', { granularity: 'grapheme' });

function firstCharacters(line: string): string[] {
  const kept: string[] = [];
  const room = longestPromptStart - 1;
  let length = 0;
  for (const { segment } of characters.segment(line.slice(0, 2 * longestPromptStart))) {
    length += segment.length;
    if (length > room) break;
    kept.push(segment);
  }
  // One character may have any number of marks.
  return kept.length > 0 ? kept : Array.from(line.slice(0, room).replace(/[\ud800-\udbff]$/, ''));
}
