// Names of files made from names that clients chose: safe on any file system, and never a way out of the folder.

import type { Artifact, Task } from '../../client/index.ts';

const mostCharacters = 80;

/** Letters, digits, `-`, `_` and inner dots of `name`; anything else becomes `_`. Never empty, hidden, `.` or `..`. */
export function safeName(name: string): string {
  const safe = name
    .normalize('NFC')
    .replaceAll(/[^\p{L}\p{M}\p{N}._-]+/gu, '_')
    .replace(/^[._]+(?=.)/, '')
    .slice(0, mostCharacters)
    .replace(/[.\ud800-\udbff]+$/, '');
  return /[\p{L}\p{N}]/u.test(safe) ? safe : '_';
}

/** A folder name for each task, by its index: its name or index, made different where two would be the same folder. */
export function folderNames(tasks: readonly Pick<Task, 'index' | 'name'>[]): Map<number, string> {
  const taken = new Set<string>();
  const names = new Map<number, string>();
  for (const { index, name } of tasks) {
    const wanted = name === null ? String(index) : safeName(name);
    const folder = unused(wanted, index, taken);
    // File systems that do not tell case apart would make one folder of two.
    taken.add(folder.toLowerCase());
    names.set(index, folder);
  }
  return names;
}

function unused(wanted: string, index: number, taken: ReadonlySet<string>): string {
  let name = wanted;
  for (let count = 0; taken.has(name.toLowerCase()); count += 1) {
    name = count === 0 ? `${wanted}-${index}` : `${wanted}-${index}-${count}`;
  }
  return name;
}

const extensions: Readonly<Record<string, string>> = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/webp': 'webp',
  'application/json': 'json',
  'text/plain': 'txt',
};

/** `image.png` for the artifact `image` of type `image/png`; a type that is not known ends in `.bin`. */
export function fileName({ name, mediaType }: Pick<Artifact, 'name' | 'mediaType'>): string {
  const type = mediaType.split(';')[0]!.trim().toLowerCase();
  return `${safeName(name)}.${extensions[type] ?? 'bin'}`;
}
