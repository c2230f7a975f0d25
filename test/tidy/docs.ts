// Checks of the documentation: what the reference pages list, and links between pages.
import { posix } from 'node:path';
import type { SourceFile } from './repository.ts';

/** The names in backticks in the first cell of each table row and in headings, without label lists. */
export function listedNames(markdown: string, form: RegExp): string[] {
  const openings = [...markdown.matchAll(/^(?:\|([^|\n]*)\||#{2,4} (.*))/gm)].map(
    (match) => match[1] ?? match[2] ?? '',
  );
  const names = openings.flatMap((opening) => [...opening.matchAll(/`([^`{]+)[^`]*`/g)].map((match) => match[1]!));
  return [...new Set(names.filter((name) => form.test(name)))];
}

/** One sentence for each name that only one side lists. */
export function differences(inCode: readonly string[], inDocs: readonly string[], page: string): string[] {
  return [
    ...inCode.filter((name) => !inDocs.includes(name)).map((name) => `${page} does not list ${name}`),
    ...inDocs.filter((name) => !inCode.includes(name)).map((name) => `${page} lists ${name}, which does not exist`),
  ];
}

/** One sentence for each relative link whose file or heading does not exist. `exists` knows every path of the repository. */
export function brokenLinks(pages: readonly SourceFile[], exists: (path: string) => boolean): string[] {
  const anchors = new Map(pages.map(({ path, text }) => [path, anchorsOf(text)]));
  return pages.flatMap(({ path, text }) =>
    [...withoutCode(text).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)].flatMap(([, file, anchor]) => {
      const target = file === '' ? path : posix.join(posix.dirname(path), file!);
      if (!exists(target)) return [`${path} links to ${target}, which does not exist`];
      if (anchor === undefined || anchors.get(target)?.has(anchor) === true) return [];
      return [`${path} links to ${target}#${anchor}, but there is no such heading`];
    }),
  );
}

/** One sentence for each page of `docs/` to which the index there has no link. */
export function unlinkedPages(pages: readonly SourceFile[]): string[] {
  const index = 'docs/README.md';
  const text = pages.find(({ path }) => path === index)?.text ?? '';
  const linked = new Set([...text.matchAll(/\]\(([\w./-]+)/g)].map(([, file]) => posix.join('docs', file!)));
  const own = pages.filter(({ path }) => posix.dirname(path) === 'docs' && path !== index && !linked.has(path));
  return own.map(({ path }) => `${index} does not link to ${path}`);
}

const withoutCode = (text: string): string => text.replaceAll(/^```[^]*?^```/gm, '').replaceAll(/`[^`\n]*`/g, '');

/** GitHub's anchors of the headings. */
function anchorsOf(text: string): ReadonlySet<string> {
  const headings = text.replaceAll(/^```[^]*?^```/gm, '').matchAll(/^#{1,6} (.*)$/gm);
  return new Set(
    [...headings].map(([, title]) =>
      title!
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

/** What each folder may import, by the table in docs/development.md. */
export function documentedImports(markdown: string): ReadonlyMap<string, readonly string[]> {
  const rows = markdown.matchAll(/^\| `src\/(\w+)` +\|[^|\n]*\| ([^|\n]*?) *\|$/gm);
  return new Map([...rows].map(([, folder, names]) => [folder!, names === 'nothing' ? [] : names!.split(', ')]));
}
