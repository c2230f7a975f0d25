// Compares what the commands of docs/runbooks print in the situation of their alert with the samples of the page. Numbers, ids and
// times may differ. UPDATE_DOCS=1 writes the real output into the page instead.

import { expect } from 'vitest';
import { markdownTable } from './markdownTable.ts';
import { runShown, Samples, type Place } from './shownCommand.ts';
import { jobIds, presentable, steady } from './shownOutput.ts';

export interface Situation {
  readonly alert: string;
  /** What the test did. */
  readonly fault: string;
  /** Which of the page's samples shows it; default: the first, with which the page opens. */
  readonly sample?: number;
  /** What the output must say. */
  readonly names: RegExp;
  /** The lines that the page shows; it has `…` for the others. Default: all lines. */
  readonly shows?: RegExp;
  readonly exitCode?: number;
}

const rows: string[][] = [];

/** The alerts whose pages were checked in this file, with the line that names the cause. */
export function printRunbooks(): void {
  process.stdout.write(`\n${markdownTable(['alert', 'fault', 'command', 'prints'], rows)}\n`);
}

const mostTries = 10;

/** Runs the command until its output names the cause and has the shape that the page shows. */
export async function expectRunbook(situation: Situation, command: string, place: Place): Promise<void> {
  const { alert, fault, sample = 0, names, shows = /^/, exitCode = 0 } = situation;
  const page = new Samples(`runbooks/${alert}.md`);
  const updates = process.env['UPDATE_DOCS'] === '1';
  const run = async (): Promise<{ text: string; code: number | null; shown: string }> => {
    const { text, code, output } = await runShown(command, place);
    return { text, code, shown: shortened(output, shows) };
  };
  const isShown = ({ shown }: { shown: string }): boolean => shapeOf(page.read(sample)) === shapeOf(shown);
  let ran = await run();
  for (let tries = 1; tries < mostTries; tries += 1) {
    if (names.test(ran.text) && ran.code === exitCode && (updates || isShown(ran))) break;
    ran = await run();
  }
  const { text, code, shown } = ran;
  expect({ alert, text, code }).toEqual({ alert, text: expect.stringMatching(names), code: exitCode });
  if (updates && !isShown(ran)) page.replace(sample, presentable(shown));
  expect(shapeOf(shown)).toBe(shapeOf(page.read(sample)));
  rows.push([alert, fault, command.replaceAll(jobIds, 'JOB'), namedLine(presentable(text), names)]);
}

/** The line with the end of the match. */
function namedLine(text: string, names: RegExp): string {
  const found = names.exec(text);
  const end = found === null ? 0 : found.index + found[0].length;
  return text.slice(text.lastIndexOf('\n', end - 1) + 1).split('\n')[0]!;
}

/** The command and the lines that fit, with `…` for each group of others. */
function shortened(output: string, shows: RegExp): string {
  const [command = '', ...lines] = output.split('\n');
  const kept = lines.map((line) => (line === '' || shows.test(line) ? line : '…'));
  return [command, ...kept].join('\n').replaceAll(/^…(?:\n+…)+$/gm, '…');
}

/** Without anything that differs from run to run: numbers, and the order of rows, which may be that of random names. */
function shapeOf(output: string): string {
  const lines = steady(presentable(output))
    .replaceAll(/\d+(?:\.\d+)?/g, 'N')
    .split('\n');
  return lines.toSorted().join('\n');
}
