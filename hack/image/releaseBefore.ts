// The sources of the release before this one, from which tests upgrade. Its chart is in test/support/releaseBefore.
import { execFile } from 'node:child_process';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');

/** test/support/releaseBefore/README.md says when it is replaced. */
const releaseBefore = 'a56655a9da0ebbf52b068f0b634ec6cda4ef6e98';

/**
 * Writes them to a folder, with the present node_modules, which have what it needs: `bin/genwarden` in it runs. Throws if the clone
 * does not have the commit.
 */
export async function sourcesBefore(folder: string): Promise<void> {
  await run('git', ['cat-file', '-e', `${releaseBefore}^{commit}`], { cwd: root }).catch(() => {
    const advice = `git fetch --unshallow, or git fetch origin ${releaseBefore}`;
    throw new Error(`this clone does not have commit ${releaseBefore}, the release before this one: ${advice}`);
  });
  await mkdir(folder, { recursive: true });
  const archive = join(folder, 'sources.tar');
  await run('git', ['archive', '--output', archive, releaseBefore], { cwd: root });
  await run('tar', ['-xf', archive, '-C', folder]);
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
}
