// What files are called and what must not stand in them.
import type { SourceFile } from './repository.ts';

const emptyNames = new Set(['helper', 'helpers', 'util', 'utils', 'common', 'misc', 'manager']);

/** The paths whose names say nothing about what is in them. */
export function emptyFileNames(paths: readonly string[]): string[] {
  return paths.filter((path) => {
    const words = path
      .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
      .toLowerCase()
      .split(/[^a-z0-9]+/);
    return words.some((word) => emptyNames.has(word));
  });
}

/** Folders of one machine, and the hosts that packages happened to come from. */
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

/** The lines of code, comments aside, that read the clock, draw chance or touch the process. */
export function impureLines({ path, text }: SourceFile): string[] {
  return withoutComments(text)
    .split('\n')
    .flatMap((line, index) => (impure.some((form) => form.test(line)) ? [`${path}:${index + 1} ${line.trim()}`] : []));
}

/** Block comments, and line comments that start a line or follow a space; lines keep their numbers. */
function withoutComments(text: string): string {
  return text
    .replaceAll(/^[ \t]*\/\*[^]*?\*\//gm, (comment) => comment.replaceAll(/[^\n]/g, ''))
    .replaceAll(/(^|\s)\/\/.*$/gm, '$1');
}

/** Style: a file opens with what it is for. */
export function opensWithComment({ text }: SourceFile): boolean {
  return /^(?:#!.*\n)?(?:\/\/ ?\S|\/\*)/.test(text);
}
