// The files of the repository, as the tidiness checks see them: text by path, relative to its root, with slashes.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface SourceFile {
  path: string;
  text: string;
}

export const root = join(import.meta.dirname, '../..');

/** Tracked files, and new ones that are not ignored. */
export const repositoryFiles: readonly string[] = execFileSync(
  'git',
  ['ls-files', '-z', '--cached', '--others', '--exclude-standard'],
  { cwd: root, encoding: 'utf8' },
)
  .split('\0')
  .filter((path) => path !== '' && existsSync(join(root, path)));

/** Throws where the file is missing: what cannot be read was not checked. */
export const read = (path: string): string => readFileSync(join(root, path), 'utf8');

export const filesUnder = (folder: string, ending = '.ts'): SourceFile[] =>
  repositoryFiles
    .filter((path) => path.startsWith(`${folder}/`) && path.endsWith(ending))
    .map((path) => ({ path, text: read(path) }));
