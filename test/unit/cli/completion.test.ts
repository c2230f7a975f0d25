// `genwarden completion`: the scripts load in their shells, and the one for bash completes commands and flags.

import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { allCommands, runCommand } from '../../support/commandLine.ts';

async function script(shell: string): Promise<string> {
  const { code, stdout } = await runCommand(['completion', shell]);
  expect(code).toBe(0);
  return stdout;
}

/** What bash offers for the last of the words. */
async function offers(...words: string[]): Promise<string[]> {
  const ask = `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _genwarden; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr, status } = spawnSync('bash', ['-c', `${await script('bash')}\n${ask}`], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout.split('\n').filter((line) => line !== '');
}

test('bash completes commands, flags, and values of flags and arguments', async () => {
  const commands = [...allCommands().keys()].map((name) => name.split(' ')[0]!);
  expect(new Set(await offers('genwarden', ''))).toEqual(new Set(commands));
  expect(await offers('genwarden', 'stu')).toEqual(['stuck']);
  expect(await offers('genwarden', 'stuck', '--ol')).toEqual(['--older-than']);
  expect(await offers('genwarden', 'get', 'job1', '--output', '')).toEqual([
    'table',
    'wide',
    'json',
    'yaml',
    'name',
    'jsonpath=',
  ]);
  expect(await offers('genwarden', 'token', '')).toEqual(['create', 'list', 'rotate', 'revoke']);
  expect(await offers('genwarden', 'token', 'create', '--ten')).toEqual(['--tenant']);
  expect(await offers('genwarden', 'completion', 'f')).toEqual(['fish']);
});

test('fish lists every command and flag once, with its description', async () => {
  const lines = (await script('fish')).trim().split('\n').slice(1);
  expect(lines.every((line) => line.startsWith("complete -c genwarden -n '"))).toBe(true);
  expect(new Set(lines).size).toBe(lines.length);
  expect(lines.filter((line) => line.includes("__fish_seen_subcommand_from stuck' -l fix"))).toHaveLength(1);
});

test('zsh uses the bash script; other shells are refused', async () => {
  expect(await script('zsh')).toContain('bashcompinit');
  expect((await runCommand(['completion', 'tcsh'])).code).toBe(2);
});
