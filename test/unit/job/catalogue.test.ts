// The error catalogue: complete entries, and the flags that the design fixes.

import { describe, expect, test } from 'vitest';
import {
  AttemptFailed,
  catalogue,
  GenwardenError,
  taskError,
  type TaskErrorCode,
} from '../../../src/job/errors/index.ts';
import { processErrors } from '../../../src/job/errors/process.ts';
import { requestErrors } from '../../../src/job/errors/request.ts';
import { taskErrors } from '../../../src/job/errors/task.ts';

const codes = Object.keys(catalogue) as (keyof typeof catalogue)[];

test('no code is defined twice', () => {
  const parts = [taskErrors, requestErrors, processErrors].flatMap((part) => Object.keys(part));
  expect(new Set(parts).size).toBe(parts.length);
  expect(codes.length).toBe(parts.length);
});

test.each(codes)('%s says what it means and what to do', (code) => {
  const { title, hint, retryable } = catalogue[code];
  expect(code).toMatch(/^[A-Z][A-Za-z]+$/);
  expect(title).toMatch(/^\S.{8,}[^.]$/);
  expect(hint).toMatch(/^\S.{3,}\.$/);
  expect(typeof retryable).toBe('boolean');
});

test('every answer to a request has an HTTP status of an error', () => {
  const wrong = Object.entries(requestErrors).filter(([, { status = 0 }]) => status < 400 || status >= 600);
  expect(wrong).toEqual([]);
});

describe('what may be tried again', () => {
  const final: TaskErrorCode[] = [
    'DeadlineExceeded',
    'QueueTimeout',
    'ReviewTimeout',
    'RunTimeout',
    'PoisonPill',
    'SpecLost',
    'RejectedInReview',
    'PromptRefused',
    'OutputRefused',
    'RequestRefused',
    'PermissionDenied',
    'ModelNotFound',
    'ReferenceNotFound',
    'QuotaUnavailable',
    'ProviderRedirected',
    'BudgetExceeded',
    'SchemaUncheckable',
  ];
  const again: TaskErrorCode[] = [
    'AttemptTimeout',
    'WorkerLost',
    'WorkerDrained',
    'RateLimited',
    'QuotaExhausted',
    'ProviderUnavailable',
    'ProviderError',
    'ProviderUnreachable',
    'ArtifactStoreFailed',
    'OutputTruncated',
  ];

  test.each(final)('%s: no', (code) => expect(taskErrors[code].retryable).toBe(false));
  test.each(again)('%s: yes', (code) => expect(taskErrors[code].retryable).toBe(true));
});

test('a task error carries hint and flag of its code, and what happened this time', () => {
  const error = taskError('RateLimited', 'The key is at its limit', { retryAfter: 7_000, provider: { status: 429 } });
  expect(error).toEqual({
    code: 'RateLimited',
    message: 'The key is at its limit',
    retryable: true,
    hint: taskErrors.RateLimited.hint,
    retryAfter: 7_000,
    provider: { status: 429 },
  });
  expect(new AttemptFailed(error)).toMatchObject({ name: 'AttemptFailed', message: error.message, error });
});

test('an occurrence can override the hint and the flag of its code', () => {
  const error = taskError('OutputTruncated', 'cut off', { hint: 'Raise the limit.', retryable: false });
  expect(error).toEqual({ code: 'OutputTruncated', message: 'cut off', retryable: false, hint: 'Raise the limit.' });
});

test('a failed attempt knows what it is billed for', () => {
  const usage = { inputTokens: 3, outputTokens: 4, images: 0 };
  expect(new AttemptFailed(taskError('NoOutput', 'nothing'), { usage }).usage).toEqual(usage);
  expect(new AttemptFailed(taskError('ProviderError', 'nothing')).usage).toBeUndefined();
});

test('a thrown error knows its hint and keeps its cause', () => {
  const cause = new Error('socket closed');
  const error = new GenwardenError('Unavailable', 'NATS did not answer within 5 s', { cause, details: { job: 'x' } });
  expect(error).toMatchObject({ code: 'Unavailable', hint: catalogue.Unavailable.hint, cause, details: { job: 'x' } });
});
