// Completion of `kubectl genwarden …`: kubectl runs `kubectl_complete-genwarden` with the words so far and expects one line for
// each completion, then a line with a directive.

import type { Command } from 'commander';
import { wordsOf, type Word } from '../admin/completion.ts';

/** Cobra's ShellCompDirectiveNoFileComp: do not complete file names. Kubectl is built with cobra. */
const noFiles = ':4';

/** `words` follow `kubectl genwarden`; the last one is being typed. */
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

/** Like kubectl, offers flags only once the user has typed a dash. */
const isShown = (word: string, partial: string): boolean => !word.startsWith('-') || partial.startsWith('-');
