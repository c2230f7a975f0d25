// The lines that the console shows beside its form, run as they are against an API: by a shell, by Node.js and by Python.

import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import type { GenwardenClient, SubmitRequest } from '../../src/client/index.ts';
import type { Installation } from '../../src/console/pages/create/lines/installation.ts';
import { pythonProgram, typeScriptProgram } from '../../src/console/pages/create/lines/programs.ts';
import { commandLine, curlLine } from '../../src/console/pages/create/lines/shell.ts';
import { startInstallation } from '../support/installation.ts';
import { tempFolder } from '../support/tempFolder.ts';
import { clientFolder, root, runPython } from './support/python.ts';

const run = promisify(execFile);

/** A task for each prompt that is hard to quote, so that each line runs once. */
function jobOf(prompts: readonly string[]): SubmitRequest {
  const tasks = prompts.map((prompt, at) => ({ name: `task-${at}`, input: { prompt } }));
  return { kind: 'image', input: { prompt: prompts[0]! }, tasks, labels: { 'example.com/project': 'p42' } };
}

const jobs: Readonly<Record<string, SubmitRequest>> = {
  'flags that hold everything': jobOf([
    `it's "quoted" and 'quoted'`,
    'two lines\n\nand more',
    String.raw`back\slash \n \u0041 \\`,
    '$HOME `id` $(id) ${x} !! % & | ; < > * ~ #',
    '--flag',
    'emoji 🏡👩‍👩‍👧‍👦, עברית and عربي',
    '<script>alert("x")</script>',
  ]),
  'a body with what no terminal shows': jobOf([
    'tab\there',
    'bell\u0007',
    'turned \u202Earound\u202C',
    'line\u2028end',
  ]),
};

/** What a line prints ends with the id, or is JSON with it. */
const idIn = (output: string): string => /\b[0-9a-z]{26}\b/.exec(output)![0];

async function promptsOf(client: GenwardenClient, id: string): Promise<string[]> {
  const { tasks = [], labels } = await client.get(id);
  expect(labels).toEqual({ 'example.com/project': 'p42' });
  return Promise.all(tasks.map(async ({ index }) => (await client.input(id, index)).prompt));
}

test.each(Object.entries(jobs))('%s', async (_, request) => {
  await using folder = await tempFolder('lines');
  const { url, client, start } = await startInstallation({ processes: ['controller', 'api'] });
  // A worker declares the pool.
  await (await start('worker')).stop();
  const here: Installation = { url, needsToken: false, tenant: undefined };
  const env = { ...process.env, PATH: `${join(root, 'bin')}:${process.env['PATH']}` };
  const script = join(folder.path, 'submit.ts');
  const module = pathToFileURL(join(root, 'src/client/index.ts')).href;
  await writeFile(script, typeScriptProgram(request, here).replace('@genwarden/client', module));
  const outputs = {
    curl: (await run('sh', ['-c', curlLine(request, here)])).stdout,
    CLI: (await run('sh', ['-c', commandLine(request, here)], { env })).stdout,
    TypeScript: (await run(process.execPath, [script])).stdout,
    Python: await runPython(['-c', pythonProgram(request, here)], { PYTHONPATH: join(clientFolder, 'src') }),
  };
  const wanted = request.tasks!.map(({ input }) => input!.prompt!);
  for (const [form, output] of Object.entries(outputs)) {
    expect([form, await promptsOf(client, idIn(output))]).toEqual([form, wanted]);
  }
});
