// Rules for file names, comments and prose.
import type { SourceFile } from './repository.ts';

const emptyNames = new Set(['helper', 'helpers', 'util', 'utils', 'common', 'misc', 'manager']);

/** The paths whose names say nothing about their content. */
export function emptyFileNames(paths: readonly string[]): string[] {
  return paths.filter((path) => {
    const words = path
      .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
      .toLowerCase()
      .split(/[^a-z0-9]+/);
    return words.some((word) => emptyNames.has(word));
  });
}

/** Folders of one machine, and hosts of package registries. */
const machineBound = [
  /(?<![\w.~}-])\/(?:work|root)\/[\w.-]*/g,
  /\b(?:registry\.npmjs\.org|registry\.yarnpkg\.com|proxy\.golang\.org|pypi\.org|files\.pythonhosted\.org|crates\.io)\b/g,
];

export function machineNames({ path, text }: SourceFile): string[] {
  return machineBound.flatMap((form) => [...text.matchAll(form)].map(([found]) => `${path} names ${found}`));
}

const impure = [
  /\bDate\.now\b/,
  /\bnew Date\(\s*\)/,
  /\bDate\(\s*\)/,
  /\bperformance\.now\b/,
  /\bMath\.random\b/,
  /\brandom(?:UUID|Bytes|Int)\b/,
  /\bset(?:Timeout|Interval|Immediate)\b/,
  /\bprocess\.(?:env|argv|hrtime|uptime|nextTick|pid|std(?:in|out|err))\b/,
];

/** The lines of code, without comments, that read the clock, use randomness or touch the process. */
export function impureLines({ path, text }: SourceFile): string[] {
  return withoutComments(text)
    .split('\n')
    .flatMap((line, index) => (impure.some((form) => form.test(line)) ? [`${path}:${index + 1} ${line.trim()}`] : []));
}

/** Removes block comments, and line comments that start a line or follow a space; line numbers stay. */
function withoutComments(text: string): string {
  return text
    .replaceAll(/^[ \t]*\/\*[^]*?\*\//gm, (comment) => comment.replaceAll(/[^\n]/g, ''))
    .replaceAll(/(^|\s)\/\/.*$/gm, '$1');
}

/** Whether a file opens with a comment; one of Python with a docstring. */
export function opensWithComment({ path, text }: SourceFile): boolean {
  const opening = path.endsWith('.py') ? /^(?:#.*\n)*"""\s*\S/ : /^(?:#!.*\n)?(?:\/\/ ?\S|\/\*)/;
  return opening.test(text);
}

/** Each with the wording to use instead. Only phrases that are wrong in every context, so that there are no false alarms. */
const bannedPhrases: readonly (readonly [phrase: string, instead: string])[] = [
  ['whoever', 'name the actor'],
  ['whosoever', 'name the actor'],
  ['for ever', 'until …, or permanently'],
  ['borne', 'tolerated'],
  ['where there is none', 'if there is none'],
  ['save that', 'except that'],
  ['goes on', 'continues'],
  ['tell of', 'report'],
  ['tells of', 'reports'],
  ['matters not', 'does not matter'],
  ['as it stands', 'unchanged'],
  ['is at it', 'is running it'],
];

/** "of its own" at the end of a clause; "of its own process" is good English. */
const trailingOwn = /\bof (?:its|their) own(?=\s*(?:[.,;:)!?'"`|]|$))/gim;

/** A phrase may be broken by the end of a line in a comment. */
const gap = String.raw`\s+(?:(?:\/\/|\*|#)\s+)?`;
const banned = bannedPhrases.map(([phrase, instead]) => ({
  form: new RegExp(String.raw`\b${phrase.replaceAll(' ', gap)}\b`, 'gi'),
  phrase,
  instead,
}));

/** Each banned phrase of a text, with its line and what to write instead. */
export function wordyPhrases({ path, text }: SourceFile): string[] {
  const found = [...banned, { form: trailingOwn, phrase: 'of its own', instead: 'its own …' }].flatMap(
    ({ form, phrase, instead }) => [...text.matchAll(form)].map(({ index }) => ({ index, phrase, instead })),
  );
  return found
    .toSorted((one, other) => one.index - other.index)
    .map(({ index, phrase, instead }) => `${path}:${lineAt(text, index)} says "${phrase}": write ${instead}`);
}

/** Typographic quotes and apostrophes, which break searches. */
export function curlyQuotes({ path, text }: SourceFile): string[] {
  return [...text.matchAll(/[\u2018\u2019\u201c\u201d]/g)].map(
    ({ index }) => `${path}:${lineAt(text, index)} has a curly quote`,
  );
}

const lineAt = (text: string, index: number): number => text.slice(0, index).split('\n').length;
