// Linters of OpenAPI find nothing in the document. hack/openapi gives a reason for each rule that does not apply.

import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { apiWorld } from '../../fakes/apiWorld.ts';
import { openApiProgram, pythonProgram } from '../../support/installedTools.ts';
import { tempFolder, type TempFolder } from '../../support/tempFolder.ts';

const configuration = fileURLToPath(new URL('../../../hack/openapi', import.meta.url));

let folder: TempFolder;
beforeAll(async () => {
  folder = await tempFolder('linters');
  await using world = await apiWorld();
  const { json } = await world.get('/openapi.json');
  await writeFile(documentIn(folder), JSON.stringify(json));
  // It has no version.
  await writeFile(join(folder.path, 'wrong.json'), '{ "openapi": "3.1.0", "info": { "title": "A" }, "paths": {} }');
});
afterAll(() => folder.remove());

const documentIn = ({ path }: TempFolder): string => join(path, 'openapi.json');

interface Linter {
  readonly name: string;
  program(): Promise<string>;
  readonly args: readonly string[];
  readonly clean: RegExp;
}

const linters: readonly Linter[] = [
  {
    name: 'redocly',
    program: () => openApiProgram('redocly'),
    args: ['lint', '--config', join(configuration, 'redocly.yaml'), '--format', 'stylish', '--max-problems', '10'],
    clean: /Your API description is valid/,
  },
  {
    name: 'spectral',
    program: () => openApiProgram('spectral'),
    args: ['lint', '--ruleset', join(configuration, 'spectral.yaml'), '--fail-severity', 'hint'],
    clean: /No results with a severity of 'hint' or higher found/,
  },
  {
    name: 'openapi-spec-validator',
    program: () => pythonProgram('openapi-spec-validator'),
    args: [],
    clean: /openapi\.json: OK/,
  },
];

test.each(linters)('$name', async ({ name, program, args, clean }) => {
  const output = await outputOf(await program(), [...args, documentIn(folder)]);
  const closing = output.text.split('\n').find((line) => clean.test(line));
  console.log(`${name}: ${closing?.trim() ?? 'not clean'}`);
  expect(output).toEqual({ code: 0, text: expect.stringMatching(clean) });
  // Neither errors nor warnings.
  expect(output.text).not.toMatch(/\b(?:warning|error)s?\b/i);
  expect(await outputOf(await program(), [...args, join(folder.path, 'wrong.json')])).toMatchObject({ code: 1 });
});

async function outputOf(program: string, args: readonly string[]): Promise<{ code: number; text: string }> {
  try {
    // A linter that is new asks a server whether there is a newer one.
    const env = { ...process.env, REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true', REDOCLY_TELEMETRY: 'off' };
    const { stdout, stderr } = await promisify(execFile)(program, args, { env, cwd: folder.path });
    return { code: 0, text: `${stdout}${stderr}` };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, text: `${stdout}${stderr}` };
  }
}
