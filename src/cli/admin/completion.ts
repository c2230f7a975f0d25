// `genwarden completion`: a shell completion script, generated from the commands.

import { Argument, type Command } from 'commander';
import { writeLine, type Io } from '../output/io.ts';

const shells = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof shells)[number];

export function addCompletion(program: Command, io: Io): void {
  program
    .command('completion')
    .description('Print a shell completion script')
    .addArgument(new Argument('<shell>', 'shell to generate the script for').choices([...shells]))
    .action((shell: Shell) => writeLine(io.stdout, scriptFor(shell, wordsOf(program))));
}

/** The subcommands and flags that can follow a command, by its full name (`token create`, or empty for the program). */
export type Words = ReadonlyMap<string, readonly Word[]>;

export interface Word {
  readonly word: string;
  /** The short form of a flag, such as `-o`. */
  readonly short?: string;
  /** The flag takes a value. */
  readonly takesValue?: true;
  readonly about: string;
  /** The allowed values, if the flag or argument has a fixed set. */
  readonly choices?: readonly string[];
}

export function wordsOf(program: Command): Words {
  const words = new Map<string, readonly Word[]>();
  const gather = (command: Command, path: string): void => {
    const children = command.commands.map((child) => ({ word: child.name(), about: child.description() }));
    const flags = command.options.flatMap(({ long, short, required, description, argChoices }) => {
      if (long === null || long === undefined) return [];
      const word: Word = {
        word: long,
        about: description,
        ...(argChoices === undefined ? {} : { choices: argChoices }),
      };
      return [
        { ...word, ...(short === undefined ? {} : { short }), ...(required ? { takesValue: true as const } : {}) },
      ];
    });
    const values = command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices);
    words.set(path, [...children, ...values.map((word) => ({ word, about: '' })), ...flags]);
    for (const child of command.commands) gather(child, `${path} ${child.name()}`.trim());
  };
  gather(program, '');
  return words;
}

function scriptFor(shell: Shell, words: Words): string {
  switch (shell) {
    case 'bash':
      return bash(words);
    case 'zsh':
      // zsh can run completions written for bash, including those for values.
      return `#compdef genwarden\nautoload -U +X bashcompinit && bashcompinit\n${bash(words)}`;
    case 'fish':
      return fish(words);
    default:
      return shell satisfies never;
  }
}

function bash(words: Words): string {
  const quote = (texts: readonly string[]): string => `'${texts.join(' ')}'`;
  const cases = [...words].map(([path, next]) => `    '${path}') words=${quote(next.map(({ word }) => word))} ;;`);
  const values = [...words].flatMap(([path, next]) =>
    next.flatMap(({ word, choices }) => (choices ? [`    '${path} ${word}') words=${quote(choices)} ;;`] : [])),
  );
  const groups = [...words.keys()].filter((path) => [...words.keys()].some((other) => other.startsWith(`${path} `)));
  return `# Completions for genwarden. Add to ~/.bashrc: source <(genwarden completion bash)
_genwarden() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} path=\${COMP_WORDS[1]} words=
  [ "$COMP_CWORD" -le 1 ] && path=
  case "$path" in
    ${[...groups.filter((group) => group !== ''), '-'].map((group) => `'${group}'`).join('|')}) [ "$COMP_CWORD" -gt 2 ] && path="$path \${COMP_WORDS[2]}" ;;
  esac
  case "$path" in
${cases.join('\n')}
  esac
  case "$path $before" in
${values.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
  [ \${#COMPREPLY[@]} -eq 0 ] && COMPREPLY=($(compgen -f -- "$word"))
}
complete -F _genwarden genwarden`;
}

function fish(words: Words): string {
  const quote = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const lines = [...words].flatMap(([path, next]) => next.map((word) => fishLine(path, word, quote)));
  return `# Completions for genwarden. Save as ~/.config/fish/completions/genwarden.fish\n${lines.join('\n')}`;
}

function fishLine(path: string, { word, about, choices }: Word, quote: (text: string) => string): string {
  const condition =
    path === ''
      ? '__fish_use_subcommand'
      : path
          .split(' ')
          .map((part) => `__fish_seen_subcommand_from ${part}`)
          .join('; and ');
  const completion = word.startsWith('--') ? `-l ${word.slice(2)}` : `-f -a ${quote(word)}`;
  const values = choices === undefined ? '' : ` -x -a ${quote(choices.join(' '))}`;
  return `complete -c genwarden -n ${quote(condition)} ${completion}${values}${about === '' ? '' : ` -d ${quote(about)}`}`;
}
