// The Python client without an installation: its tests, its types against the OpenAPI document, its style, and the package that a
// user installs.

import { existsSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { catalogue } from '../../src/job/errors/index.ts';
import { apiWorld } from '../fakes/apiWorld.ts';
import { tempFolder } from '../support/tempFolder.ts';
import { clientFolder, expectPytest, root, runPython } from './support/python.ts';

test('passes its tests', async () => {
  await expectPytest('tests/unit');
});

test('has the types and calls of the OpenAPI document', async () => {
  await using folder = await tempFolder('contract');
  await using world = await apiWorld();
  const document = (await world.get('/openapi.json')).json as unknown;
  const file = join(folder.path, 'contract.json');
  await writeFile(file, JSON.stringify({ document, codes: Object.keys(catalogue) }));
  await expectPytest('tests/contract', { GENWARDEN_CONTRACT: file });
});

const style: Record<string, string[]> = {
  'ruff check': ['ruff', 'check', '--no-cache', '--output-format=concise', ...pythonFolders()],
  'ruff format': ['ruff', 'format', '--no-cache', '--check', ...pythonFolders()],
  'mypy --strict': ['mypy', '--strict'],
};
test.each(Object.entries(style))('%s finds nothing', async (_, [tool, ...args]) => {
  const { code, output } = await runPython(['-m', tool!, ...args]);
  expect(output).toMatch(/All checks passed|files? already formatted|no issues found in \d+ source files/);
  expect(code, output).toBe(0);
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
  const built = await runPython(['-m', 'hatchling', 'build', '-t', 'wheel', '-d', folder.path]);
  expect(built.code, built.output).toBe(0);
  const wheel = readdirSync(folder.path).find((name) => name.endsWith('.whl'))!;
  expect(wheel).toMatch(/^genwarden-\d+\.\d+\.\d+-py3-none-any\.whl$/);
  const environment = join(folder.path, 'venv');
  await expectDone(['-m', 'venv', '--without-pip', environment]);
  const install = ['install', '--quiet', '--no-index', '--no-deps', join(folder.path, wheel)];
  await expectDone([
    '-m',
    'pip',
    '--disable-pip-version-check',
    '--python',
    join(environment, 'bin/python'),
    ...install,
  ]);
  const report = await runPython([join(clientFolder, 'tests/package.py'), environment], { PYTHONPATH: '' });
  expect(report.code, report.output).toBe(0);
  console.log(report.output.trim());
  expect(existsSync(join(clientFolder, 'dist'))).toBe(false);
});

async function expectDone(args: string[]): Promise<void> {
  const { code, output } = await runPython(args);
  expect(code, output).toBe(0);
}
