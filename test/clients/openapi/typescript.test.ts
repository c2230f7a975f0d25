// The TypeScript client that openapi-typescript makes from the OpenAPI document, with openapi-fetch, compiled strictly and used
// with a running installation, also with one of the next version and of the one before. Our own client beside it.

import { execFile } from 'node:child_process';
import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { GenwardenClient } from '../../../src/client/index.ts';
import { openApiPackages, openApiProgram } from '../../support/installedTools.ts';
import { anImage, startInstallation } from '../../support/installation.ts';
import { tempFolder, type TempFolder } from '../../support/tempFolder.ts';
import { missingField, missingRoute, moreFields, newCode, newState, otherVersion } from './otherVersion.ts';
import { photo, whole } from './steps.ts';
import { typescriptProgram } from './typescriptProgram.ts';

const run = promisify(execFile);

test('a generated client submits, waits, lists, uploads and downloads, with this version and its neighbours', async () => {
  const { url, client, standin } = await startInstallation();
  standin.behave({ kind: 'image', bytes: 'small', latencyMs: 200 });
  await using folder = await compiled(url);
  const steps = await stepsOf(folder, url, 'now');
  console.log(`openapi-fetch: ${JSON.stringify(steps)}`);
  expect(steps).toEqual(whole);

  // TypeScript's types are gone when the program runs, so it takes what it knows from each answer.
  const next = await otherVersion(url, (exchange) => newState(exchange) ?? newCode(exchange) ?? moreFields(exchange));
  expect(await stepsOf(folder, next, 'next')).toEqual({ ...whole, missing: '404 JobArchived' });
  const previous = await otherVersion(url, (exchange) => missingRoute(exchange) ?? missingField(exchange));
  expect(await stepsOf(folder, previous, 'previous')).toEqual({ ...whole, explain: '404 RouteNotFound' });
  expect((await client.listPage({})).items.map(({ state }) => state)).toEqual(Array(3).fill('succeeded'));
});

test('our client takes what it knows of the next version, and reports what the one before lacks', async () => {
  const { url, standin } = await startInstallation();
  standin.behave({ kind: 'image', bytes: 'small', latencyMs: 200 });
  const next = await otherVersion(url, (exchange) => newState(exchange) ?? newCode(exchange) ?? moreFields(exchange));
  const newer = new GenwardenClient({ url: next });
  const { id, state } = await newer.submit(anImage('a front yard'));
  expect(state).toBe('paused');
  expect((await newer.wait(id)).state).toBe('succeeded');
  expect((await newer.downloadArtifact(id, 0, 'image')).mediaType).toBe('image/png');
  await expect(newer.get('none')).rejects.toMatchObject({ status: 404, code: 'JobArchived' });

  const previous = await otherVersion(url, (exchange) => missingRoute(exchange) ?? missingField(exchange));
  const older = new GenwardenClient({ url: previous });
  const second = await older.submit(anImage('a back yard'));
  expect((await older.wait(second.id)).state).toBe('succeeded');
  const detail = `There is no endpoint GET /v1/jobs/${second.id}/explain`;
  await expect(older.explain(second.id)).rejects.toMatchObject({ code: 'RouteNotFound', detail });
});

/** The program, compiled strictly by TypeScript 5 with the types of the document. */
async function compiled(url: string): Promise<TempFolder> {
  const folder = await tempFolder('generated');
  const { path } = folder;
  await writeFile(join(path, 'openapi.json'), await (await fetch(`${url}/openapi.json`)).text());
  await writeFile(join(path, 'package.json'), '{ "type": "module" }');
  await writeFile(join(path, 'program.ts'), typescriptProgram);
  await symlink(await openApiPackages(), join(path, 'node_modules'));
  await run(await openApiProgram('openapi-typescript'), ['openapi.json', '-o', 'api.d.ts'], { cwd: path });
  const types = fileURLToPath(new URL('../../../node_modules/@types', import.meta.url));
  const options = ['--strict', '--noUncheckedIndexedAccess', '--module', 'nodenext', '--target', 'es2024'];
  const tsc = await openApiProgram('tsc');
  await run(tsc, [...options, '--typeRoots', types, '--types', 'node', 'program.ts'], { cwd: path }).catch(
    ({ stdout }: { stdout: string }) => expect(stdout).toBe(''),
  );
  return folder;
}

/** What each step of the program printed. `key` is the job's. */
async function stepsOf({ path }: TempFolder, url: string, key: string): Promise<Record<string, unknown>> {
  const { stdout } = await run('node', ['program.js', url, photo, key], { cwd: path });
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { step: string; result: unknown });
  return Object.fromEntries(lines.map(({ step, result }) => [step, result]));
}
