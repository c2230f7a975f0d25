// Runs an example of examples/ as a user does: as a process, in a folder to itself, against the API of an installation.

import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { clientFolder, python } from '../../clients/support/python.ts';
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
  /** Starts the web application `app` of a file in Python, on a free port. */
  serve(file: string): Promise<{ readonly url: string; readonly server: TestProcess }>;
}

const uvicorn = /running on (http:\S+)/;

/** The first argument is the file below examples/, in TypeScript or Python. */
export async function examplesOf({ url }: { url: string }, more: Record<string, string> = {}): Promise<Examples> {
  const { path: folder, remove } = await tempFolder('example');
  onTestFinished(remove);
  const env = {
    GENWARDEN_URL: url,
    PYTHONPATH: join(clientFolder, 'src'),
    // Lines arrive when they are printed, and no file stays in the repository.
    PYTHONUNBUFFERED: '1',
    PYTHONDONTWRITEBYTECODE: '1',
    ...more,
  };
  const start: Examples['start'] = (file, ...args) => {
    const interpreter = file.endsWith('.py') ? python : process.execPath;
    return startProcess(interpreter, [`${examples}${file}`, ...args], { cwd: folder, env });
  };
  const run: Examples['run'] = async (...args) => endOf(await start(...args));
  const serve: Examples['serve'] = async (file) => {
    const app = ['--app-dir', `${examples}${dirname(file)}`, `${basename(file, '.py')}:app`];
    const server = await startProcess(python, ['-m', 'uvicorn', '--port', '0', ...app], { cwd: folder, env });
    return { server, url: uvicorn.exec(await server.waitForLine(uvicorn, 30_000))![1]! };
  };
  return { folder, start, run, serve };
}

export async function endOf(example: TestProcess): Promise<Ended> {
  const { code } = await example.exited;
  return { code, text: example.lines.join('\n') };
}
