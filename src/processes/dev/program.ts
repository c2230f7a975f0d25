// The commands that `genwarden dev` prints: as the user can run them, in the folder in which `dev` was started.

import { existsSync } from 'node:fs';
import { delimiter, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageFolder } from '../../config/packageFolder.ts';
import type { ResolvedSetting } from '../../config/setting.ts';
import { shellWord } from '../../config/shellWord.ts';

const launcher = fileURLToPath(new URL('bin/genwarden', packageFolder));

interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly folder: string;
}

/** What to type for `genwarden`: its name if it is on PATH, `npx genwarden` under npm, else the path of its launcher. */
export function programName({ env, folder }: Surroundings = { env: process.env, folder: process.cwd() }): string {
  // npm puts the programs of packages on the PATH of what it runs, but not on that of the user's terminal.
  if (env['npm_command'] !== undefined) return 'npx genwarden';
  const onPath = (env['PATH'] ?? '')
    .split(delimiter)
    .some((place) => place !== '' && existsSync(join(place, 'genwarden')));
  return onPath ? 'genwarden' : shellWord(shortPath(launcher, folder));
}

/** The path from the folder, if it is below it. */
export function shortPath(path: string, folder: string = process.cwd()): string {
  const below = relative(folder, path);
  return below === '' || below.startsWith('..') ? path : below;
}

/** The flags that give another process the same values. */
export function flagsOf(settings: readonly ResolvedSetting[]): string[] {
  return settings.flatMap(({ definition, text, source }) => {
    const value = source.kind === 'file' ? source.path : text;
    return value === undefined ? [] : [definition.flag, shellWord(value)];
  });
}
