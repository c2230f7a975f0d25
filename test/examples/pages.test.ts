// The index of the examples counts the lines of each program. UPDATE_DOCS=1 writes the counts.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { examples } from './support/example.ts';

const row = /^(\| \[([\w-]+)\]\(\2\/README\.md\) .*\| +)(\d+)( +\|)$/gm;

it('examples/README.md has the lines of each program', () => {
  const page = readFileSync(`${examples}README.md`, 'utf8');
  const counted = page.replaceAll(row, (_line, before: string, name: string, old: string, after: string) => {
    const lines = String(linesOf(name));
    return `${before}${lines}${after.slice(Math.max(0, lines.length - old.length))}`;
  });
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(`${examples}README.md`, counted);
  else expect(page).toBe(counted);
  expect([...page.matchAll(row)].length).toBeGreaterThan(1);
});

/** Of all programs in the folder. */
function linesOf(name: string): number {
  const programs = readdirSync(`${examples}${name}`).filter((file) => /\.(?:ts|py)$/.test(file));
  const texts = programs.map((file) => readFileSync(`${examples}${name}/${file}`, 'utf8'));
  return texts.reduce((sum, text) => sum + text.trimEnd().split('\n').length, 0);
}
