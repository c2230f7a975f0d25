// Runs an example of examples/ as a user does: as a process, in a folder to itself, against the API of an installation.

import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { startProcess, type TestProcess } from '../../support/process.ts';
import { tempFolder } from '../../support/tempFolder.ts';

export const examples = fileURLToPath(new URL('../../../examples/', import.meta.url));

export interface Ended {
  readonly code: number | null;
  /** stdout and stderr. */
  readonly text: string;
}

export interface Examples {
  /** Where they run, and save their files. Removed with the test. */
  readonly folder: string;
  start(...args: string[]): Promise<TestProcess>;
  /** Until it ends. */
  run(...args: string[]): Promise<Ended>;
}

/** For examples in TypeScript: the first argument is the file below examples/. */
export async function typescriptExamples({ url }: { url: string }): Promise<Examples> {
  const { path: folder, remove } = await tempFolder('example');
  onTestFinished(remove);
  const start: Examples['start'] = (file, ...args) =>
    startProcess(process.execPath, [`${examples}${file}`, ...args], { cwd: folder, env: { GENWARDEN_URL: url } });
  const run: Examples['run'] = async (...args) => endOf(await start(...args));
  return { folder, start, run };
}

export async function endOf(example: TestProcess): Promise<Ended> {
  const { code } = await example.exited;
  return { code, text: example.lines.join('\n') };
}
