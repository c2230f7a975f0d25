// docs/logs.md has the tables of the catalogue. UPDATE_DOCS=1 writes them; `make format` aligns them.

import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { logFields } from '../../../src/job/logEvents/entry.ts';
import { logEvents } from '../../../src/job/logEvents/index.ts';
import { createRedactor } from '../../../src/telemetry/redact.ts';
import { eventTables, fieldTable } from './logsPage.ts';

const path = new URL('../../../docs/logs.md', import.meta.url);

test.each([
  ['events', eventTables()],
  ['fields', fieldTable()],
])('docs/logs.md has the table of %s', (name, expected) => {
  const [before, table, after] = readFileSync(path, 'utf8').split(
    new RegExp(`(?<=<!-- ${name} -->)|(?=<!-- end of ${name} -->)`),
  );
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(path, `${before}\n\n${expected}\n\n${after}`);
  else expect(linesOf(table!)).toEqual(linesOf(expected));
});

test('each field of the catalogue is that of an event', () => {
  const used = new Set(['repeated', ...Object.values(logEvents).flatMap(({ fields }) => fields)]);
  expect(Object.keys(logFields).filter((field) => !used.has(field))).toEqual([]);
});

test('no field has a name whose value the redactor hides', () => {
  const redact = createRedactor();
  for (const field of Object.keys(logFields)) {
    const line = JSON.stringify({ [field]: 'default/front-yard' });
    expect(redact(line)).toBe(line);
  }
});

test('names are words of lower case, and sentences end', () => {
  for (const [name, { when }] of Object.entries(logEvents)) {
    expect(name).toMatch(/^[a-z]+(?:_[a-z]+)+$/);
    expect(when).toMatch(/^[A-Z].*[.…]$/);
  }
});

/** Without the blanks and dashes that only align the columns. */
function linesOf(tables: string): string[] {
  const lines = tables.split('\n').filter((line) => line.startsWith('|') || line.startsWith('#'));
  return lines.map((line) => line.replaceAll(/\s*\|\s*/g, '|').replaceAll(/-{3,}/g, '---'));
}
