// docs/gemini.md shows the limits of each model as the submit applies them.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { limitsOf } from '../../../src/job/modelLimits.ts';

const page = readFileSync(new URL('../../../docs/gemini.md', import.meta.url), 'utf8');
const section = /## Limits of the models\n([^]*?)\n## /.exec(page)![1]!;
const rows = [...section.matchAll(/^\| `(.+)` +\|(.+)\|$/gm)].map(([, model = '', cells = '']) => {
  return [model, ...cells.split('|').map((cell) => cell.trim())] as const;
});

test.each(rows)('%s', (model, ...cells) => {
  const { references, referenceBytes, totalReferenceBytes, aspectRatios, imageSizes } = limitsOf('gemini', model);
  const megabytes = (bytes: number): string => `${bytes / 1_000_000} MB`;
  const sizes = [String(references), megabytes(referenceBytes), megabytes(totalReferenceBytes)];
  expect(cells).toEqual([...sizes, aspectRatios!.join(', '), imageSizes!.join(', ')]);
});

test('every model whose limits differ from the widest ones is shown', () => {
  const models = rows.map(([model]) => model);
  expect(models).toContain('gemini-2.5-flash-image');
  const others = [
    'gemini-3.1-flash-image',
    'gemini-3.1-flash-lite-image',
    'gemini-3-pro-image',
    'gemini-nano-banana-2.1',
  ];
  expect(models).toEqual(expect.arrayContaining(others));
  expect(limitsOf('gemini', 'a model of somebody')).toEqual(limitsOf('gemini', 'gemini-3.1-flash-image'));
});
