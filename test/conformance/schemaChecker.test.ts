// The contract of every schema checker: what is wrong with a schema, and whether a value matches.

import { describe, expect, onTestFinished, test } from 'vitest';
import { fakeSchemaChecker } from '../fakes/schemaChecker.ts';
import { jsonSchemaChecker } from '../../src/adapters/jsonSchema/index.ts';
import type { JsonObject } from '../../src/job/task.ts';
import type { SchemaChecker } from '../../src/ports/schemaChecker.ts';

describe('in this process', () => {
  suite(() => fakeSchemaChecker());
});

describe('in threads', () => {
  suite(() => {
    const checker = jsonSchemaChecker();
    onTestFinished(() => checker.close());
    return checker;
  });
});

const tree: JsonObject = {
  type: 'object',
  properties: { name: { type: 'string' }, children: { type: 'array', items: { $ref: '#' } } },
  required: ['name'],
};

function suite(open: () => SchemaChecker): void {
  test('a valid schema has no problems, with and without an owner', async () => {
    const checker = open();
    expect(await checker.problems(tree)).toEqual([]);
    expect(await checker.problems(tree, 'a tenant')).toEqual([]);
  });

  test('each problem names its place', async () => {
    const schema = { type: 'object', properties: { a: { type: 'wish' }, b: { pattern: '(?=a)' } } };
    const problems = await open().problems(schema);
    expect(problems.map(({ path }) => path).toSorted()).toEqual(['.properties.a.type', '.properties.b.pattern']);
  });

  test('a value matches, or differs in a way that a sentence tells', async () => {
    const checker = open();
    expect(await checker.check(tree, { name: 'a', children: [{ name: 'b' }] })).toEqual({ verdict: 'matches' });
    expect(await checker.check(tree, { name: 'a', children: [{ name: 1 }] })).toEqual({
      verdict: 'differs',
      problem: '/children/0/name must be string',
    });
  });

  test('a schema with problems can check nothing', async () => {
    expect(await open().check({ type: 'wish' }, 1)).toMatchObject({ verdict: 'uncheckable' });
  });

  test('many checks at once each get their own verdict', async () => {
    const checker = open();
    const wanted = Array.from({ length: 40 }, (_, index) => index);
    const verdicts = await Promise.all(wanted.map((index) => checker.check({ const: index % 10 }, index)));
    expect(verdicts.map(({ verdict }) => verdict)).toEqual(wanted.map((index) => (index < 10 ? 'matches' : 'differs')));
  });
}
