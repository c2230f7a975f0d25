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

export interface Ended {
  readonly code: number;
  readonly output: string;
}

/** Runs the interpreter; its output is in order. */
export async function runPython(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  const options = { cwd: clientFolder, env: { ...process.env, ...clean, ...env }, maxBuffer: 1 << 26 };
  try {
    const { stdout, stderr } = await promisify(execFile)(python, [...args], options);
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number | string; stdout: string; stderr: string };
    return { code: typeof code === 'number' ? code : 1, output: `${stdout}${stderr}` };
  }
}

/** Fails with pytest's output unless tests ran and all passed. Prints pytest's count. */
export async function expectPytest(folder: string, env: Record<string, string> = {}): Promise<void> {
  await using report = await tempFolder('pytest');
  const file = join(report.path, 'report.xml');
  const base = join(report.path, 'files');
  const args = ['-m', 'pytest', '-q', '--color=no', `--junitxml=${file}`, `--basetemp=${base}`, folder];
  const { code, output } = await runPython(args, env);
  const written = await readFile(file, 'utf8').catch(() => '');
  const counted = countsOf(written);
  console.log(`pytest ${folder}: ${JSON.stringify(counted)}`);
  expect(counted, output).toEqual({ tests: counted.tests, failures: 0, errors: 0, skipped: 0 });
  expect(counted.tests, output).toBeGreaterThan(0);
  expect(code, output).toBe(0);
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
