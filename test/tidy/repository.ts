// The files of the repository for the tidiness checks. Paths are relative to the root and use slashes.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface SourceFile {
  path: string;
  text: string;
}

export const root = join(import.meta.dirname, '../..');

/** Tracked files, and untracked ones that are not ignored. */
export const repositoryFiles: readonly string[] = execFileSync(
  'git',
  ['ls-files', '-z', '--cached', '--others', '--exclude-standard'],
  { cwd: root, encoding: 'utf8' },
)
  .split('\0')
  .filter((path) => path !== '' && existsSync(join(root, path)));

/** Throws if the file is missing, because an unreadable file was not checked. */
export const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** TypeScript, unless another ending is given. */
export const filesUnder = (folder: string, ending?: string): SourceFile[] =>
  repositoryFiles
    .filter(
      (path) => path.startsWith(`${folder}/`) && (ending === undefined ? /\.tsx?$/.test(path) : path.endsWith(ending)),
    )
    .map((path) => ({ path, text: read(path) }));
