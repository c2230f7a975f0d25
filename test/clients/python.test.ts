// The Python client without an installation: its tests, its types against the OpenAPI document, its style, and the package that a
// user installs.

import { existsSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { catalogue } from '../../src/job/errors/index.ts';
import { apiWorld } from '../fakes/apiWorld.ts';
import { tempFolder } from '../support/tempFolder.ts';
import { clientFolder, runPytest, root, runPython } from './support/python.ts';

test('passes its tests', async () => {
  await runPytest('tests/unit');
});

test('has the types and calls of the OpenAPI document', async () => {
  await using folder = await tempFolder('contract');
  await using world = await apiWorld();
  const document = (await world.get('/openapi.json')).json as unknown;
  const file = join(folder.path, 'contract.json');
  await writeFile(file, JSON.stringify({ document, codes: Object.keys(catalogue) }));
  await runPytest('tests/contract', { GENWARDEN_CONTRACT: file });
});

const style: Record<string, string[]> = {
  'ruff check': ['ruff', 'check', '--no-cache', '--output-format=concise', ...pythonFolders()],
  'ruff format': ['ruff', 'format', '--no-cache', '--check', ...pythonFolders()],
  'mypy --strict': ['mypy', '--strict', 'src', 'tests', join(root, 'examples')],
};
test.each(Object.entries(style))('%s finds nothing', async (_, args) => {
  expect(await runPython(['-m', ...args])).toMatch(
    /^(?:All checks passed|\d+ files already formatted|Success: no issues found in \d+ source files)/,
  );
});

/** Ruff takes its configuration from the client for the other folders too. */
function pythonFolders(): string[] {
  return [
    '--config',
    join(clientFolder, 'pyproject.toml'),
    clientFolder,
    join(root, 'hack/python'),
    join(root, 'examples'),
  ];
}

test('is a wheel with its types that an empty environment can import', async () => {
  await using folder = await tempFolder('wheel');
  await runPython(['-m', 'hatchling', 'build', '-t', 'wheel', '-d', folder.path]);
  const [wheel] = readdirSync(folder.path);
  expect(wheel).toMatch(/^genwarden-\d+\.\d+\.\d+-py3-none-any\.whl$/);
  const environment = join(folder.path, 'venv');
  const interpreter = join(environment, 'bin/python');
  await runPython(['-m', 'venv', '--without-pip', environment]);
  const pip = ['-m', 'pip', '--disable-pip-version-check', '--python', interpreter];
  await runPython([...pip, 'install', '--quiet', '--no-index', '--no-deps', join(folder.path, wheel!)]);
  console.log((await runPython(['tests/package.py', environment])).trim());
  expect(existsSync(join(clientFolder, 'dist'))).toBe(false);
});
