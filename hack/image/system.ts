// The minimal Linux base of an image, copied from this machine: programs, their shared libraries, users and name resolution.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, realpath, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Copies a program to `to` inside the folder, together with every library that it is linked with. */
export async function addProgram(folder: string, program: string, to: string): Promise<void> {
  await addFile(folder, program, to);
  await chmod(join(folder, to), 0o755);
  await addLibraries(folder, program);
}

/** Copies the libraries that a program, or a library outside the system folders, is linked with. */
export async function addLibraries(folder: string, linked: string): Promise<void> {
  for (const library of await librariesOf(linked)) await addFile(folder, library, library);
}

/** Copies the target of a symbolic link instead of the link. */
export async function addFile(folder: string, from: string, to: string): Promise<void> {
  await mkdir(dirname(join(folder, to)), { recursive: true });
  await copyFile(await realpath(from), join(folder, to));
}

/** The path at which the shell would find a program. */
export function onPath(name: string): string {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const found = ['/usr/bin', '/bin', ...folders].map((folder) => join(folder, name)).find((path) => existsSync(path));
  if (found === undefined) throw new Error(`no ${name} on PATH`);
  return found;
}

/** The linked system libraries; none for a static program. */
async function librariesOf(linked: string): Promise<string[]> {
  const { stdout } = await run('ldd', [linked]).catch(() => ({ stdout: '' }));
  const paths = [...stdout.matchAll(/(?:^|=>)\s+(\/\S+\.so\S*)/gm)].map((match) => match[1]!);
  return [...new Set(paths)].filter((path) => /^(?:\/usr)?\/lib/.test(path));
}

/** Writes users, the order of name lookups, and a folder for temporary files. */
export async function addAccounts(folder: string, name: string, id: number): Promise<void> {
  await mkdir(join(folder, 'etc'), { recursive: true });
  await mkdir(join(folder, 'tmp'), { recursive: true });
  await writeFile(
    join(folder, 'etc/passwd'),
    `root:x:0:0::/:/usr/sbin/nologin\n${name}:x:${id}:${id}::/app:/usr/sbin/nologin\n`,
  );
  await writeFile(join(folder, 'etc/group'), `root:x:0:\n${name}:x:${id}:\n`);
  await writeFile(join(folder, 'etc/nsswitch.conf'), 'passwd: files\ngroup: files\nhosts: files dns\n');
}
