// The check of a result: which schemas its answer may have, and what becomes of an answer.
import { expect, test } from 'vitest';
import { policyFor } from '../../../src/job/policy.ts';
import {
  answerSchema,
  answerSchemaProblems,
  flagsOf,
  flagSentence,
  readCheckAnswer,
  storedFlags,
  type Flag,
} from '../../../src/job/resultCheck.ts';
import type { JsonObject } from '../../../src/job/task.ts';
import { identity, queuedTask, start } from '../../fakes/tasks.ts';
import { claimed } from '../../../src/job/transitions.ts';
import { latestEnd } from '../../../src/job/budgets.ts';

const check = { prompt: 'Is anything red?' };

test('a check implies review onFlag, unless the policy says otherwise', () => {
  expect(policyFor('image', { check }).review).toBe('onFlag');
  expect(policyFor('image', { check, review: 'always' }).review).toBe('always');
  expect(policyFor('image', {}, { check }).review).toBe('onFlag');
  expect(policyFor('image', { review: 'never' }, { check })).not.toHaveProperty('checkTimeout');
  expect(policyFor('image')).toMatchObject({ review: 'never', runTimeout: 300_000 });
});

test('a checked attempt has 60 s more, and the run has time for all of them', () => {
  const policy = policyFor('image', { check, attemptTimeout: 90_000, maxAttempts: 3 });
  expect(policy).toMatchObject({ attemptTimeout: 90_000, checkTimeout: 60_000 });
  expect(policy.runTimeout).toBe(3 * 151_000 + 1_000 + 2_000);
  const running = claimed(queuedTask({ policy: { check } }), 'worker-1', 1, start);
  expect(running.dueAt - start).toBe(150_000);
});

test('a job whose results may be flagged may last as long as their review', () => {
  const policy = { queueTimeout: 1_000, runTimeout: 1_000, reviewTimeout: 5_000 };
  const endOf = (review: 'never' | 'onFlag') => latestEnd(queuedTask({ ...identity(), policy: { ...policy, review } }));
  expect(endOf('never') - start).toBe(2_000);
  expect(endOf('onFlag') - start).toBe(7_000);
});

const flagged = { type: 'boolean' };
const own = (properties: JsonObject, over: JsonObject = {}): JsonObject => ({
  type: 'object',
  properties,
  required: ['flagged'],
  ...over,
});

test.each<[string, JsonObject, string[]]>([
  ['the built-in one', answerSchema, []],
  ['flagged alone', own({ flagged }), []],
  ['further fields', own({ flagged, reasons: { type: 'array', items: { type: 'string' } }, score: {} }), []],
  ['no properties', { type: 'object' }, ['.properties.flagged', '.required']],
  ['flagged as a text', own({ flagged: { type: 'string' } }), ['.properties.flagged']],
  ['flagged as true', own({ flagged: true }), ['.properties.flagged']],
  ['flagged below the top', own({ verdict: own({ flagged }) }), ['.properties.flagged']],
  ['flagged that is optional', own({ flagged }, { required: [] }), ['.required']],
  ['a required that is no list', own({ flagged }, { required: 'flagged' }), ['.required']],
  ['another type', own({ flagged }, { type: 'array' }), ['.type']],
  ['reasons as a text', own({ flagged, reasons: { type: 'string' } }), ['.properties.reasons']],
  ['reasons of numbers', own({ flagged, reasons: { type: 'array', items: {} } }), ['.properties.reasons']],
])('an answer by a schema with %s', (_what, schema, paths) => {
  expect(answerSchemaProblems(schema).map(({ path }) => path)).toEqual(paths);
});

test.each([
  [
    { flagged: true, reasons: ['red', ' ', 7] },
    { flagged: true, reasons: ['red'] },
  ],
  [{ flagged: false }, { flagged: false, reasons: [] }],
  [
    { flagged: true, reasons: 'red' },
    { flagged: true, reasons: [] },
  ],
  [{ flagged: 'yes' }, undefined],
  [['flagged'], undefined],
  [null, undefined],
  ['flagged', undefined],
])('the answer %j is read as %j', (answer, read) => {
  expect(readCheckAnswer(answer)).toEqual(read);
});

test('a flagged answer has at least one reason, which names its image', () => {
  expect(flagsOf({ flagged: false, reasons: ['red'] })).toEqual([]);
  expect(flagsOf({ flagged: true, reasons: [] })).toEqual([{ source: 'check', reason: 'It gave no reason' }]);
  expect(flagsOf({ flagged: true, reasons: ['red'] }, 'image-2')).toEqual([
    { source: 'check', reason: 'image-2: red' },
  ]);
});

test('flags are stored once each, in one line, and bounded', () => {
  const flag = (reason: string): Flag => ({ source: 'check', reason });
  expect(storedFlags([flag('a\n b'), flag('a b'), { source: 'safety', reason: 'a b' }])).toEqual([
    flag('a b'),
    { source: 'safety', reason: 'a b' },
  ]);
  const many = storedFlags(Array.from({ length: 30 }, (_, index) => flag(`${index} ${'x'.repeat(600)}`)));
  expect(many).toHaveLength(20);
  expect(many[0]!.reason).toHaveLength(500);
});

test('a sentence names the flags by their source', () => {
  const flags: Flag[] = [
    { source: 'safety', reason: 'it may be violent' },
    { source: 'check', reason: 'The border is red.' },
    { source: 'check', reason: 'The logo is cut' },
  ];
  expect(flagSentence(flags)).toBe(
    "Flagged by the check: The border is red; The logo is cut; flagged by the provider's safety ratings: it may be violent",
  );
});
