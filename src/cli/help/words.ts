// Requests for help that commander does not understand: for commands of several words, for misspelt ones, and for all settings.

import type { Command } from 'commander';

const helpFlags: readonly string[] = ['--help', '-h'];

/** Whether the words ask for the help with all settings: `dev --help --all`. */
export const wantsAll = (args: readonly string[]): boolean =>
  args.includes('--all') && (args[0] === 'help' || args.some((word) => helpFlags.includes(word)));

/**
 * The words as commander should read them. `help token create` asks for the help of that command, and so does a group without a
 * command. The help of an unknown command is an error.
 */
export function readableWords(program: Command, args: readonly string[]): string[] {
  const words = args[0] === 'help' ? [...args.slice(1), '--help'] : [...args];
  const asks = words.some((word) => helpFlags.includes(word));
  const { command, rest } = commandOf(program, words);
  if (!asks)
    return command.commands.length > 0 && words.every((word) => !word.startsWith('-')) && rest === undefined
      ? [...words, '--help']
      : words;
  const isUnknown = rest !== undefined && command.commands.length > 0;
  return words.filter((word) => word !== '--all' && !(isUnknown && helpFlags.includes(word)));
}

/** The command that the words name, and the first word that follows it. */
function commandOf(program: Command, words: readonly string[]): { command: Command; rest: string | undefined } {
  let command = program;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at]!;
    const option = program.options.find(({ long, short }) => word === long || word === short);
    if (option?.required === true) at += 1;
    if (word.startsWith('-')) continue;
    const next = command.commands.find((child) => child.name() === word);
    if (next === undefined) return { command, rest: word };
    command = next;
  }
  return { command, rest: undefined };
}
