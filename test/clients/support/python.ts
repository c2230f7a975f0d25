// The interpreter of hack/install-python.sh, and pytest with the counts of what it ran.

import { execFile, execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { tempFolder } from '../../support/tempFolder.ts';

export const root = join(import.meta.dirname, '../../..');
export const clientFolder = join(root, 'clients/python');

/** Installs the tools if `make` has not. */
export const python = execFileSync(join(root, 'hack/install-python.sh'), { encoding: 'utf8' })
  .trim()
  .split('\n')
  .at(-1)!
  .replace(/^python tools: /, '');

/** No file of a run stays in the repository. */
const clean = { PYTHONDONTWRITEBYTECODE: '1', MYPY_CACHE_DIR: join(dirname(python), '../mypy-cache') };

/** Runs the interpreter in the client's folder. Resolves with its output; rejects with it if the program fails. */
export async function runPython(args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const options = { cwd: clientFolder, env: { ...process.env, ...clean, ...env }, maxBuffer: 1 << 26 };
  try {
    const { stdout, stderr } = await promisify(execFile)(python, [...args], options);
    return stdout + stderr;
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number | string; stdout: string; stderr: string };
    throw new Error(`python ${args.join(' ')} ended with ${code}:\n${stdout}${stderr}`, { cause: error });
  }
}

/** Rejects with pytest's output unless tests ran and all of them passed. Prints pytest's counts. */
export async function runPytest(folder: string, env: Record<string, string> = {}): Promise<void> {
  await using report = await tempFolder('pytest');
  const file = join(report.path, 'report.xml');
  const files = join(report.path, 'files');
  const ended = runPython(
    ['-m', 'pytest', '-q', '--color=no', `--junitxml=${file}`, `--basetemp=${files}`, folder],
    env,
  );
  const failure = await ended.then(
    () => undefined,
    (error: Error) => error,
  );
  const counts = countsOf(await readFile(file, 'utf8').catch(() => ''));
  console.log(`pytest ${folder}: ${JSON.stringify(counts)}`);
  if (failure !== undefined) throw failure;
  expect(counts).toEqual({ tests: counts.tests, failures: 0, errors: 0, skipped: 0 });
  expect(counts.tests).toBeGreaterThan(0);
}

interface Counts {
  readonly tests: number;
  readonly failures: number;
  readonly errors: number;
  readonly skipped: number;
}

/** Of pytest's report in the form of JUnit. */
function countsOf(report: string): Counts {
  const suite = /<testsuite [^>]*>/.exec(report)?.[0] ?? '';
  const count = (name: string): number => Number(new RegExp(` ${name}="(\\d+)"`).exec(suite)?.[1] ?? 0);
  return { tests: count('tests'), failures: count('failures'), errors: count('errors'), skipped: count('skipped') };
}
