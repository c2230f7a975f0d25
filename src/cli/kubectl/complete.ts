// Completion of `kubectl genwarden …`: kubectl runs `kubectl_complete-genwarden` with the words so far, and takes a line a
// completion and a last one that says what else may follow.

import type { Command } from 'commander';
import { wordsOf, type Word } from '../admin/completion.ts';

/** What cobra, the library of kubectl, calls ShellCompDirectiveNoFileComp: files are no completions here. */
const noFiles = ':4';

/** The lines for the words after `kubectl genwarden`, of which the last one is being written. */
export function completionLines(program: Command, words: readonly string[]): string[] {
  const all = wordsOf(program);
  const [partial = '', before] = [words.at(-1), words.at(-2)];
  const command = words.slice(0, -1).find((word) => word !== '' && all.has(word)) ?? '';
  const own = all.get('') ?? [];
  const flags = own.filter(({ word }) => word.startsWith('--'));
  const possible = command === '' ? own : [...(all.get(command) ?? []), ...flags];
  const flag = possible.find(({ word, short }) => before !== undefined && (word === before || short === before));
  const values = flag?.takesValue === true ? (flag.choices ?? []) : undefined;
  const offered: readonly Word[] = values?.map((word) => ({ word, about: '' })) ?? possible;
  const fitting = offered.filter(
    ({ word }) => word.startsWith(partial) && (values !== undefined || isShown(word, partial)),
  );
  return [...fitting.map(({ word, about }) => (about === '' ? word : `${word}\t${about}`)), noFiles];
}

/** Flags only to those who have begun one, as kubectl does. */
const isShown = (word: string, partial: string): boolean => !word.startsWith('-') || partial.startsWith('-');
