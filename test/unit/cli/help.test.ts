// The help of the command line: groups, width, style, examples that parse, one screen for each process, and suggestions.

import { CommanderError, type Command } from 'commander';
import { expect, test } from 'vitest';
import { addAdminCommands } from '../../../src/cli/admin/index.ts';
import { addClientCommands } from '../../../src/cli/client/index.ts';
import { addDevCommands } from '../../../src/cli/dev/index.ts';
import { commandHelp, mainSettings } from '../../../src/cli/help/commands.ts';
import { arrangeHelp, helpfulProgram } from '../../../src/cli/help/index.ts';
import { readableWords, wantsAll } from '../../../src/cli/help/words.ts';
import { buildPlugin } from '../../../src/cli/kubectl/program.ts';
import { addProcessCommands } from '../../../src/cli/processes.ts';

function wholeProgram(all = false): Command {
  const program = helpfulProgram('genwarden', 'Runs model calls.', { all });
  for (const add of [addDevCommands, addProcessCommands, addClientCommands, addAdminCommands]) add(program);
  return arrangeHelp(program, { all });
}

/** What the program prints, and its exit code, without running a command's action. */
async function printed(line: string, plugin = false): Promise<{ text: string; code: number }> {
  const words = wordsOf(line);
  const program = plugin ? buildPlugin() : wholeProgram(wantsAll(words));
  const said: string[] = [];
  for (const command of family(program)) {
    command.configureOutput({
      writeOut: (text) => said.push(text),
      writeErr: (text) => said.push(text),
      getOutHelpWidth: () => 80,
      getErrHelpWidth: () => 80,
    });
    if (command.commands.length === 0) command.action(() => undefined);
  }
  const code = await program.parseAsync(readableWords(program, words), { from: 'user' }).then(
    () => 0,
    (error: unknown) => (error instanceof CommanderError ? error.exitCode : 99),
  );
  return { text: said.join(''), code };
}

const family = (command: Command): Command[] => [command, ...command.commands.flatMap(family)];

/** As a shell splits them. */
const wordsOf = (line: string): string[] =>
  [...line.matchAll(/(?:[^\s"]|"[^"]*")+/g)].map(([word]) => word.replaceAll('"', ''));

const pathOf = (command: Command): string =>
  command.parent === null ? '' : `${pathOf(command.parent)} ${command.name()}`.trim();

test('the list of commands has groups, fits 80 columns with one line each, and is what no words print', async () => {
  const { text, code } = await printed('--help');
  expect(code).toBe(0);
  const headings = text.split('\n').filter((line) => /^[A-Z].*:$/.test(line));
  expect(headings).toEqual([
    'Options:',
    'Try it on this machine:',
    'Jobs, for application developers:',
    'Operation, for people on call:',
    'Processes of an installation:',
    'Administration:',
  ]);
  expect(text.split('\n').filter((line) => line.length > 80 || /^ {16}/.test(line))).toEqual([]);
  expect(text.split('\n').length).toBeLessThan(55);
  expect(await printed('')).toEqual({ text, code });
  expect(await printed('help')).toEqual({ text, code });
});

test('every command has one style of wording: a capital, the imperative and no full stop', () => {
  for (const command of [...family(wholeProgram()), ...family(buildPlugin())].filter(({ parent }) => parent !== null)) {
    for (const line of [command.description(), command.summary()].filter((each) => each !== '')) {
      expect(line).toMatch(/^[A-Z][a-z]*[a-rt-z],? .*[^.]$/);
    }
    for (const { description } of command.options)
      expect(description).not.toMatch(/^(?!OpenID|Genwarden|JetStream)[A-Z][a-z]|\.$/);
  }
});

test('every command has examples, which the program can read', async () => {
  for (const [program, plugin] of [
    [wholeProgram(), false],
    [buildPlugin(), true],
  ] as const) {
    for (const command of family(program).filter(({ parent, commands }) => parent !== null && commands.length === 0)) {
      const path = pathOf(command);
      const { text, code } = await printed(`${path} --help`, plugin);
      expect({ path, code }).toEqual({ path, code: 0 });
      const examples = text.split(/^Examples?:\n/m)[1] ?? '';
      const lines = examples.split('\n').filter((line) => line !== '');
      if (!path.startsWith('webhooks secret '))
        expect({ path, examples: lines.length }).not.toEqual({ path, examples: 0 });
      for (const line of lines) {
        const words = line
          .trim()
          .replace(/ > .*/, '')
          .slice(program.name().length + 1);
        expect({ line, ...(await printed(words, plugin)) }).toEqual({ line, text: '', code: 0 });
      }
    }
  }
});

test('the table of help names only commands that exist', () => {
  const paths = [...family(wholeProgram()), ...family(buildPlugin())].map(pathOf);
  expect(Object.keys(commandHelp).filter((path) => !paths.includes(path))).toEqual([]);
});

test.each(Object.keys(mainSettings))('the help of %s fits one screen, and --all lists every setting', async (name) => {
  const command = wholeProgram().commands.find((each) => each.name() === name)!;
  const { text } = await printed(`${name} --help`);
  const lines = text.trimEnd().split('\n');
  expect(lines.length).toBeLessThanOrEqual(30);
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
  expect(text).toContain(`\`genwarden ${name} --help --all\``);
  for (const flag of mainSettings[name]!) expect(text).toContain(`  ${flag} <`);
  const { text: whole } = await printed(`${name} --help --all`);
  for (const { long } of command.options) expect(whole).toContain(`  ${long} `);
  expect(whole).toContain('env GENWARDEN_NATS_URL');
  expect(await printed(`help ${name} --all`)).toEqual({ text: whole, code: 0 });
});

test.each([
  ['wach', "unknown command 'wach'", "'watch'", 'genwarden --help'],
  ['wach --help', "unknown command 'wach'", "'watch'", 'genwarden --help'],
  ['help wach', "unknown command 'wach'", "'watch'", 'genwarden --help'],
  ['token creat', "unknown command 'creat'", "'create'", 'genwarden token --help'],
  ['help token creat', "unknown command 'creat'", "'create'", 'genwarden token --help'],
  ['list --stat open', "unknown option '--stat'", "'--state'", 'genwarden list --help'],
  ['dev --retntion 1d', "unknown option '--retntion'", "'--retention'", 'genwarden dev --help'],
])('genwarden %s suggests what was meant', async (line, problem, meant, help) => {
  const { text, code } = await printed(line);
  expect(text).toBe(`genwarden: ${problem}\n  Did you mean ${meant}?\n  See \`${help}\`\n`);
  expect(code).toBe(1);
});

test('the plugin has its own name in usage, examples and hints', async () => {
  expect((await printed('watch --help', true)).text).toMatch(/^Usage: kubectl genwarden watch /);
  expect((await printed('help watch', true)).text).toContain('\n  kubectl genwarden watch 4k7q\n');
  expect((await printed('-n team-a wach', true)).text).toContain(
    "Did you mean 'watch'?\n  See `kubectl genwarden --help`",
  );
  expect((await printed('-n team-a watch --help', true)).code).toBe(0);
});
