// What log lines say of the messages of tasks: no word of a provider, a model or a person.

import { expect, test } from 'vitest';
import { taskError, type TaskError } from '../../../../src/job/errors/index.ts';
import { loggedWords, ownWordsOf } from '../../../../src/job/logEvents/ownWords.ts';

const overloaded = taskError('ProviderUnavailable', 'Gemini answered 503: sesame is overloaded.', {
  provider: { status: 503, code: 'UNAVAILABLE' },
});

test("the provider's words are replaced by the title and the status, and the rest is kept", () => {
  const message = 'Gemini answered 503: sesame is overloaded; retrying in 2.0 s';
  expect(loggedWords({ message, error: overloaded })).toEqual({
    message: 'The provider is overloaded or down (503 UNAVAILABLE); retrying in 2.0 s',
    detail: message,
  });
  expect(loggedWords({ message: overloaded.message, error: overloaded }).message).toBe(
    'The provider is overloaded or down (503 UNAVAILABLE)',
  );
  expect(loggedWords({ message: 'Something about sesame', error: overloaded }).message).not.toContain('sesame');
});

test('a code of the provider that could be a sentence is left out', () => {
  const error: TaskError = { ...overloaded, provider: { status: 503, code: 'sesame in the sun' } };
  expect(ownWordsOf(error)).toBe('The provider is overloaded or down (503)');
});

test('messages of Genwarden are kept', () => {
  const error = taskError('AttemptTimeout', 'The provider did not answer within 3 s');
  const message = `${error.message}; retrying in 295 ms`;
  expect(loggedWords({ message, error })).toEqual({ message });
  expect(loggedWords({ message: 'Completed in 2.0 s' })).toEqual({ message: 'Completed in 2.0 s' });
});

test("the words of a check are left out of a result's line", () => {
  const flags = [{ kind: 'check', message: 'sesame' }] as never;
  const flagged = loggedWords({ message: 'The check says: sesame. Completed in 2.0 s', flags });
  expect(flagged.message).toBe('A check flagged the result. Completed in 2.0 s');
  const failed = loggedWords({ message: 'The check of the result failed: sesame. Completed in 2.0 s' });
  expect(failed.message).toBe('The result could not be checked. Completed in 2.0 s');
});
