// docs/errors.md says of every code what the catalogue says.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { errorCodes, errorCodesFile, pythonErrorCodes, pythonErrorCodesFile } from '../../../hack/error-codes.ts';
import { errorsPage } from '../../../hack/errors-page.ts';
import { catalogue } from '../../../src/job/errors/index.ts';

const page = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');

test('docs/errors.md is as `node hack/errors-page.ts` writes it', () => {
  expect(page).toBe(errorsPage());
});

test("the clients' codes are as `node hack/errors-page.ts` writes them", () => {
  expect(readFileSync(errorCodesFile, 'utf8')).toBe(errorCodes());
  expect(readFileSync(pythonErrorCodesFile, 'utf8')).toBe(pythonErrorCodes());
});

test('it lists every code once, with its hint, and no other', () => {
  const listed = [...page.matchAll(/^### `(\w+)`$/gm)].map(([, code = '']) => code);
  expect(new Set(listed)).toEqual(new Set(Object.keys(catalogue)));
  expect(listed).toHaveLength(Object.keys(catalogue).length);
  for (const { hint } of Object.values(catalogue)) expect(page).toContain(`- What to do: ${hint}`);
});
