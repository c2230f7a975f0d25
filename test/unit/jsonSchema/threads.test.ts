// The threads of the schema checker: bounds of time and memory, turns, and their end.

import { execFile } from 'node:child_process';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import {
  jsonSchemaChecker,
  type CheckerOptions,
  type JsonSchemaChecker,
} from '../../../src/adapters/jsonSchema/index.ts';
import type { JsonObject, JsonValue } from '../../../src/job/task.ts';

function checkerFor(options: CheckerOptions = {}): JsonSchemaChecker {
  const checker = jsonSchemaChecker(options);
  onTestFinished(() => checker.close());
  return checker;
}

/** Each level of a value doubles the work. */
const doubling = (over: JsonObject = {}): JsonObject => ({
  type: ['object', 'boolean'],
  properties: { a: { not: { not: { allOf: [{ $ref: '#' }, { $ref: '#' }] } } } },
  ...over,
});
/** Each level also doubles the errors that are collected. */
const hoarding: JsonObject = { type: 'object', properties: { a: { anyOf: [{ $ref: '#' }, { $ref: '#' }] } } };

function nested(levels: number): JsonValue {
  let value: JsonValue = true;
  for (let level = 0; level < levels; level += 1) value = { a: value };
  return value;
}

test('a check that takes too long is ended, and the next one gets a new thread', async () => {
  const checker = checkerFor({ limitMs: 100 });
  const verdicts = await Promise.all([
    checker.check(doubling(), nested(60)),
    checker.check({ type: 'string' }, 'a'),
    checker.check(doubling({ minProperties: 1 }), nested(60)),
    checker.check({ type: 'string' }, 1),
  ]);
  const slow = { verdict: 'uncheckable', problem: 'takes more than 0.2 s to check' };
  expect(verdicts).toEqual([slow, { verdict: 'matches' }, slow, { verdict: 'differs', problem: '/ must be string' }]);
});

test('long checks keep one thread: the other serves everyone else', async () => {
  const checker = checkerFor({ limitMs: 60_000 });
  const long = [1, 2, 3, 4].map((maxProperties) => checker.check(doubling({ maxProperties }), nested(60)));
  const settled = Promise.allSettled(long);
  const others = Array.from({ length: 20 }, (_, maxLength) => checker.check({ type: 'string', maxLength }, ''));
  expect(await Promise.all(others)).toEqual(others.map(() => ({ verdict: 'matches' })));
  expect(await Promise.race([...long, Promise.resolve('none has ended')])).toBe('none has ended');
  expect(await checker.problems({ type: 'wish' })).toHaveLength(1);
  await checker.close();
  expect((await settled).map(({ status }) => status)).toEqual(long.map(() => 'rejected'));
});

test('the event loop runs while a check does', async () => {
  const checker = checkerFor({ limitMs: 100 });
  let turns = 0;
  const verdict = checker.check(doubling(), nested(60)).finally(() => (turns = -turns));
  while (turns >= 0) {
    turns += 1;
    await setImmediate();
  }
  expect(await verdict).toMatchObject({ verdict: 'uncheckable' });
  expect(-turns).toBeGreaterThan(10);
});

test('a check that takes too much memory is ended', async () => {
  const checker = checkerFor({ limitMs: 30_000 });
  expect(await checker.check(hoarding, nested(60))).toEqual({
    verdict: 'uncheckable',
    problem: 'takes more than 64 MiB to check',
  });
  expect(await checker.check({}, 1)).toEqual({ verdict: 'matches' });
});

test('a value of a million levels differs', async () => {
  const checker = checkerFor();
  expect(await checker.check({ items: { $ref: '#' } }, nestedLists(1_000))).toEqual({ verdict: 'matches' });
  const verdict = await checker.check({ items: { $ref: '#' } }, nestedLists(1_000_000));
  expect(verdict).toEqual({ verdict: 'differs', problem: '/ is nested too deeply to be checked' });
});

function nestedLists(levels: number): JsonValue {
  let value: JsonValue = [];
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
}

test('a failure of the generated code ends only that check', async () => {
  const checker = checkerFor();
  const anyOf = [{ unevaluatedProperties: { required: ['a'] } }, {}];
  expect(await checker.check({ patternProperties: { '^a': {} }, anyOf }, { a: {} })).toEqual({
    verdict: 'uncheckable',
    problem: expect.stringMatching(/^cannot be checked: Cannot set properties of undefined/),
  });
  expect(
    await checker.check({ patternProperties: { '^a': {} }, anyOf: [{ maxProperties: 1 }, {}] }, { a: {} }),
  ).toEqual({
    verdict: 'matches',
  });
});

test('the problems of a schema are remembered', async () => {
  const checker = checkerFor();
  const first = checker.problems({ type: 'wish' }, 'a');
  expect(checker.problems({ type: 'wish' }, 'b')).toBe(first);
  expect(await first).toHaveLength(1);
});

test('closing rejects what runs and what waits', async () => {
  const checker = checkerFor();
  const calls = [1, 2, 3, 4].map((maxProperties) => checker.check(doubling({ maxProperties }), nested(60)));
  const settled = Promise.allSettled(calls);
  await checker.close();
  expect((await settled).map(({ status }) => status)).toEqual(calls.map(() => 'rejected'));
  await expect(checker.check({}, 1)).rejects.toThrow('The schema checker is closed');
});

test('an idle checker does not keep its process alive', async () => {
  const source = new URL('../../../src/adapters/jsonSchema/index.ts', import.meta.url).href;
  const script = `
    const { jsonSchemaChecker } = await import(${JSON.stringify(source)});
    console.log(JSON.stringify(await jsonSchemaChecker().check({ type: 'string' }, 'a')));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  expect(stdout).toBe('{"verdict":"matches"}\n');
});
