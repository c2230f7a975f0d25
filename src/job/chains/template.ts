// The templates in the texts of tasks that wait for others: `{{tasks.storyboard.output.beats[0]}}` stands for a part of the
// output of task `storyboard`. Other text, also in double braces, is literal.

import type { JsonValue } from '../task.ts';
import { parsePath, type Path } from './path.ts';

/** A place of a text where the output of another task is inserted. */
export interface Use {
  readonly task: string;
  readonly path: Path;
  /** As written: `tasks.storyboard.output.beats[0]`. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

export interface Template {
  readonly uses: readonly Use[];
  /** Ends of sentences that start with the place of the text. */
  readonly problems: readonly string[];
}

const opening = /\{\{\s*tasks\./g;
const whole = /\{\{\s*(tasks\.[^{}]*?)\s*\}\}/y;

/** `names`: the tasks whose outputs the text may use. `end`: where the template ends; what follows is literal. */
export function templateOf(text: string, names: ReadonlySet<string>, end: number = text.length): Template {
  const uses: Use[] = [];
  const problems: string[] = [];
  for (const { index: start } of text.slice(0, end).matchAll(opening)) {
    whole.lastIndex = start;
    const found = whole.exec(text);
    if (found === null || whole.lastIndex > end) {
      problems.push(`has {{tasks. without its end: }} (at character ${start})`);
      continue;
    }
    const use = useOf(found[1]!, names);
    if (typeof use === 'string') problems.push(use);
    else uses.push({ ...use, start, end: whole.lastIndex });
  }
  return { uses, problems };
}

/** The names of tasks may contain dots and brackets, so every `.output` may be the end of one. */
function useOf(text: string, names: ReadonlySet<string>): Omit<Use, 'start' | 'end'> | string {
  let unknown: string | undefined;
  for (const { index } of text.matchAll(/\.output(?=$|[.[])/g)) {
    const path = parsePath(text.slice(index + '.output'.length));
    if (path === undefined) continue;
    const task = text.slice('tasks.'.length, index);
    if (names.has(task)) return { task, path, text };
    unknown ??= task;
  }
  if (unknown !== undefined)
    return `uses ${text}, but ${unknown === '' ? 'it names no task' : `after does not list ${unknown}`}`;
  return `has {{${text.slice(0, 100)}}}, which is not of the form {{tasks.NAME.output}}, with an optional path such as .beats[0].title`;
}

/** The text with the values in place of its uses, in their order. Values are never expanded again. */
export function expanded(text: string, uses: readonly Use[], values: readonly string[]): string {
  let result = '';
  let at = 0;
  for (const [index, { start, end }] of uses.entries()) {
    result += text.slice(at, start) + values[index]!;
    at = end;
  }
  return result + text.slice(at);
}

/** Text is inserted as it is, everything else as JSON. */
export const textOf = (value: JsonValue): string => (typeof value === 'string' ? value : JSON.stringify(value));
