// The Python client that openapi-python-client makes from the OpenAPI document, used with a running installation, also with one
// of the next version and of the one before.

import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { pythonProgram } from '../../support/installedTools.ts';
import { startInstallation } from '../../support/installation.ts';
import { tempFolder, type TempFolder } from '../../support/tempFolder.ts';
import { missingField, missingRoute, moreFields, newCode, newState, otherVersion } from './otherVersion.ts';
import { photo, whole } from './steps.ts';

const run = promisify(execFile);
const fileOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const program = fileOf('program.py');

test('a generated client submits, waits, lists, uploads and downloads, with this version and its neighbours', async () => {
  const { url, client, standin } = await startInstallation();
  standin.behave({ kind: 'image', bytes: 'small', latencyMs: 200 });
  await using folder = await generated(url);
  const steps = await stepsOf(folder, url, 'now');
  console.log(`openapi-python-client: ${JSON.stringify(steps)}`);
  expect(steps).toEqual(whole);

  const fields = await otherVersion(url, moreFields);
  expect(await stepsOf(folder, fields, 'fields')).toEqual(whole);
  // A value that an enumeration lacks is an error that names it. The job is stored and runs all the same.
  const next = await otherVersion(url, (exchange) => newState(exchange) ?? newCode(exchange));
  expect(await stepsOf(folder, next, 'next')).toEqual({
    ...whole,
    submit: "ValueError: 'paused' is not a valid State",
    missing: "ValueError: 'JobArchived' is not a valid ErrorCode",
  });
  const previous = await otherVersion(url, missingRoute);
  expect(await stepsOf(folder, previous, 'previous')).toEqual({ ...whole, explain: '404 RouteNotFound' });
  // So is a field that the answer lacks.
  const lessFields = await otherVersion(url, missingField);
  const lacks = "KeyError: 'awaitsReview'";
  expect(await stepsOf(folder, lessFields, 'less')).toMatchObject({ upload: whole.upload, submit: lacks, wait: lacks });
  for await (const { id } of client.list()) expect((await client.wait(id)).state).toBe('succeeded');
  expect((await client.listPage({})).items).toHaveLength(5);
});

async function generated(url: string): Promise<TempFolder> {
  const folder = await tempFolder('generated');
  const { path } = folder;
  await writeFile(join(path, 'openapi.json'), await (await fetch(`${url}/openapi.json`)).text());
  const generator = await pythonProgram('openapi-python-client');
  const config = fileOf('../../../hack/openapi/python-client.yaml');
  const args = [
    'generate',
    '--path',
    'openapi.json',
    '--output-path',
    'client',
    '--config',
    config,
    '--fail-on-warning',
  ];
  // The generator formats its output with ruff.
  const env = { ...process.env, PATH: `${dirname(generator)}${delimiter}${process.env['PATH']}` };
  await run(generator, args, { cwd: path, env });
  return folder;
}

/** What each step of the program printed. `key` is the job's. */
async function stepsOf({ path }: TempFolder, url: string, key: string): Promise<Record<string, unknown>> {
  const env = { ...process.env, PYTHONPATH: join(path, 'client'), PYTHONDONTWRITEBYTECODE: '1' };
  const { stdout } = await run(await pythonProgram('python'), [program, url, photo, key], { env });
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { step: string; result: unknown });
  return Object.fromEntries(lines.map(({ step, result }) => [step, result]));
}
