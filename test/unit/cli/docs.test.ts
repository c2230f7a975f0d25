// docs/cli.md lists every command with its flags, and every exit code.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { exitCodes } from '../../../src/cli/exitCodes.ts';
import { allCommands } from '../../support/commandLine.ts';
import { startProcess } from '../../support/process.ts';

const page = readFileSync(new URL('../../../docs/cli.md', import.meta.url), 'utf8');
const sections = new Map(
  page
    .split(/^### /m)
    .slice(1)
    .map((section) => [/^`genwarden ([a-z ]+)`/.exec(section)?.[1] ?? section, section]),
);

test('the page has a section for every command', async () => {
  const bin = new URL('../../../bin/genwarden', import.meta.url).pathname;
  const help = await startProcess(bin, ['--help']);
  await help.exited;
  const text = help.stdout.join('\n');
  const listed = [...text.matchAll(/^ {2}([a-z]+)\b/gm)].map(([, name]) => name!);
  const groups = [...allCommands().keys()].filter((name) => name.includes(' '));
  const names = listed
    .filter((name) => name !== 'help')
    .flatMap((name) => (groups.some((child) => child.startsWith(`${name} `)) ? [] : name));
  expect([...sections.keys()].sort()).toEqual([...names, ...groups].sort());
});

test('each section lists the flags of its command and shows an example', () => {
  const shared = ['--url', '--token-file', '--output'];
  for (const [name, command] of allCommands()) {
    const section = sections.get(name)!;
    expect(section).toContain(`genwarden ${name}`);
    const flags = command.options.map(({ long }) => long!).filter((flag) => !shared.includes(flag));
    expect({ name, missing: flags.filter((flag) => !section.includes(`${flag}`)) }).toEqual({ name, missing: [] });
  }
});

test('every exit code is explained', () => {
  const listed = [...page.matchAll(/^\| +(\d+) +\|/gm)].map(([, code]) => Number(code));
  expect(listed).toEqual(Object.values(exitCodes));
});
