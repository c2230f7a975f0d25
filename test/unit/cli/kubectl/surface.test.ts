// The plugin's help, its page in the docs, and its completions in kubectl.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { completionLines } from '../../../../src/cli/kubectl/complete.ts';
import { buildPlugin } from '../../../../src/cli/kubectl/program.ts';
import { startProcess } from '../../../support/process.ts';

const bin = (name: string): string => new URL(`../../../../bin/${name}`, import.meta.url).pathname;
const page = readFileSync(new URL('../../../../docs/cli.md', import.meta.url), 'utf8');
const section = page.slice(page.indexOf('## `kubectl genwarden`'));

const words = (...before: string[]): string[] =>
  completionLines(buildPlugin(), before).map((line) => line.split('\t')[0]!);

test('help shows the name that kubectl runs it by', async () => {
  const ran = await startProcess(bin('kubectl-genwarden'), ['stuck', '--help']);
  expect(await ran.exited).toMatchObject({ code: 0 });
  expect(ran.stdout[0]).toBe('Usage: kubectl genwarden stuck [options]');
  const text = ran.stdout.join('\n');
  for (const flag of ['--namespace', '--all-namespaces', '--context', '--kubeconfig', '--older-than']) {
    expect(text).toContain(flag);
  }
  const wrong = await startProcess(bin('kubectl-genwarden'), ['no-such']);
  expect(await wrong.exited).toMatchObject({ code: 2 });
});

test('the docs list each of its flags, and those of logs', () => {
  const program = buildPlugin();
  const logs = program.commands.find((command) => command.name() === 'logs')!;
  const flags = [...program.options, ...logs.options].map(({ long }) => long!).filter((flag) => flag !== '--version');
  expect(flags.filter((flag) => !section.includes(`\`${flag}\``))).toEqual([]);
});

test('it has the client commands, and none that run a process', () => {
  const names = buildPlugin().commands.map((command) => command.name());
  for (const name of ['submit', 'list', 'stuck', 'explain', 'top', 'pools', 'logs']) expect(names).toContain(name);
  for (const name of ['api', 'worker', 'dev', 'token', 'config']) expect(names).not.toContain(name);
});

test('completes commands, flags and their values', async () => {
  expect(words('st')).toEqual(['stuck', ':4']);
  expect(words('')).toContain('logs');
  expect(words('').some((word) => word.startsWith('-'))).toBe(false);
  expect(words('list', '--st')).toEqual(['--state', ':4']);
  expect(words('list', '--all')).toEqual(['--all', '--all-namespaces', ':4']);
  expect(words('list', '-o', '')).toEqual(['table', 'wide', 'json', 'yaml', 'name', 'jsonpath=', ':4']);
  expect(words('-n', 'team', 'list', '--kind', 'i')).toEqual(['image', ':4']);
  expect(words('list', '-n', '')).toEqual([':4']);
  const ran = await startProcess(bin('kubectl_complete-genwarden'), ['expl']);
  await ran.exited;
  expect(ran.stdout.map((line) => line.split('\t')[0])).toEqual(['explain', ':4']);
});
