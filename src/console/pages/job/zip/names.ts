// The names of the files in the zip of a job: of the task and the artifact, safe on every system, and each only once.

import type { Artifact, Task } from '../../../../client/index.ts';

const extensions: Readonly<Record<string, string>> = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/webp': 'webp',
  'image/gif': 'gif',
  'application/json': 'json',
  'text/plain': 'txt',
};

const mostCharacters = 80;

/** Letters, digits, `-`, `_` and inner dots; everything else becomes `_`. Never empty, hidden or `..`. */
export function safeName(name: string): string {
  const safe = name
    .normalize('NFC')
    .replaceAll(/[^\p{L}\p{M}\p{N}._-]+/gu, '_')
    .replace(/^[._]+(?=.)/, '')
    .slice(0, mostCharacters)
    .replace(/[.\ud800-\udbff]+$/, '');
  return /[\p{L}\p{N}]/u.test(safe) ? safe : '_';
}

/** `page-3-image.png`. */
export function fileName(
  { index, name }: Pick<Task, 'index' | 'name'>,
  artifact: Pick<Artifact, 'name' | 'mediaType'>,
): string {
  const extension = extensions[artifact.mediaType.split(';')[0]!] ?? 'bin';
  return `${safeName(name ?? String(index))}-${safeName(artifact.name)}.${extension}`;
}

/** Makes names that have been used unique, also where upper and lower case are the same: `a-2.png`. */
export class UniqueNames {
  readonly #used = new Set<string>();

  take(name: string): string {
    const dot = name.lastIndexOf('.');
    let unique = name;
    for (let count = 2; this.#used.has(unique.toLowerCase()); count += 1) {
      unique = `${name.slice(0, dot)}-${count}${name.slice(dot)}`;
    }
    this.#used.add(unique.toLowerCase());
    return unique;
  }
}
