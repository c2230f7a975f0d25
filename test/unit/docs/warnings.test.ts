// docs/http.md lists exactly the codes of warnings and the reasons of waits that the code has.
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { waitReasons } from '../../../src/job/explain/observation.ts';
import { warningCodes } from '../../../src/job/explain/warnings.ts';

const page = await readFile(new URL('../../../docs/http.md', import.meta.url), 'utf8');

/** The names in backticks in the first cells of the first table under the heading. */
function namesUnder(heading: string): string[] {
  const [, section = ''] = page.split(`### ${heading}\n`);
  const [table = ''] = /(^\|.*\n)+/m.exec(section) ?? [];
  const cells = table
    .split('\n')
    .slice(2, -1)
    .map((row) => row.split('|')[1]!);
  return cells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name!));
}

test('the warnings', () => expect(namesUnder('Warnings')).toEqual([...warningCodes]));

test('what a task waits for', () =>
  expect(namesUnder('What a task waits for').toSorted()).toEqual([...waitReasons].toSorted()));
