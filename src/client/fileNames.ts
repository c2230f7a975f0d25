// The names under which results are saved, by the command line and by the console: safe on every system.

import type { Artifact } from './types/job.ts';

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

const extensions: Readonly<Record<string, string>> = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/webp': 'webp',
  'image/gif': 'gif',
  'image/avif': 'avif',
  'application/json': 'json',
  'text/plain': 'txt',
};

/** `image.png` for the artifact `image` of type `image/png`; unknown types get `.bin`. */
export function fileName({ name, mediaType }: Pick<Artifact, 'name' | 'mediaType'>): string {
  const type = mediaType.split(';')[0]!.trim().toLowerCase();
  return `${safeName(name)}.${extensions[type] ?? 'bin'}`;
}
