// Answers from the field, one per entry of cases.json, served by the stand-in and read through the real SDK: each costs one
// request and has the stated outcome.

import { readFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { AttemptFailed, type TaskError } from '../../../src/job/errors/index.ts';
import type { JsonObject, JsonValue } from '../../../src/job/task.ts';
import type { Generated } from '../../../src/ports/provider.ts';
import { aContext, imageRequest, secretKey, textRequest, useStandin } from './gemini.ts';

interface Case {
  readonly name: string;
  readonly answer: { status: number; headers?: Record<string, string>; body: unknown };
  readonly request?: { kind?: 'text'; schema?: JsonObject; providerOptions?: JsonObject };
  readonly right: Failure | Success;
}

interface Failure {
  readonly code: string;
  readonly retryable?: boolean;
  /** ms; null: no hint. */
  readonly retryAfter?: number | null;
  readonly provider?: object;
  /** Patterns for the message and the hint. */
  readonly says?: string;
  readonly hint?: string;
  readonly usage?: object;
}

interface Success {
  readonly mediaTypes?: string[];
  readonly text?: string;
  readonly output?: JsonValue;
  readonly recovered?: boolean;
  readonly usage?: object;
}

const cases = JSON.parse(readFileSync(new URL('cases.json', import.meta.url), 'utf8')) as Case[];
const bench = useStandin();
afterEach(() => bench.standin.behave(undefined));

test.each(cases)('$name', async ({ answer, request = {}, right }) => {
  bench.standin.behave({ kind: 'raw', ...answer });
  const { kind = 'image', ...input } = request;
  const asked = (kind === 'text' ? textRequest : imageRequest)({ prompt: 'a yard', ...input });
  const before = bench.standin.requests.length;
  const outcome = await bench.provider.generate(asked, aContext()).catch((error: unknown) => error);
  expect(bench.standin.requests.length - before).toBe(1);
  if (!('code' in right)) return expectSuccess(outcome as Generated, right);
  expect(outcome).toBeInstanceOf(AttemptFailed);
  const { error, usage } = outcome as AttemptFailed;
  expectFailure(error, right);
  if (right.usage !== undefined) expect(usage).toEqual(right.usage);
});

function expectSuccess(made: Generated, right: Success): void {
  expect(made).not.toBeInstanceOf(Error);
  if (right.mediaTypes !== undefined) expect(made.images.map(({ mediaType }) => mediaType)).toEqual(right.mediaTypes);
  if (right.text !== undefined) expect(made.provenance['text']).toBe(right.text);
  if (right.output !== undefined) expect(made.output).toEqual(right.output);
  if (right.recovered !== undefined) expect(made.provenance['recovered'] ?? false).toBe(right.recovered);
  if (right.usage !== undefined) expect(made.usage).toEqual(right.usage);
}

function expectFailure(error: TaskError, right: Failure): void {
  expect(error).toMatchObject({
    code: right.code,
    ...(right.retryable === undefined ? {} : { retryable: right.retryable }),
    ...(right.provider === undefined ? {} : { provider: right.provider }),
  });
  if (right.retryAfter !== undefined) expect(error.retryAfter ?? null).toBe(right.retryAfter);
  if (right.says !== undefined) expect(error.message).toMatch(new RegExp(right.says));
  if (right.hint !== undefined) expect(error.hint).toMatch(new RegExp(right.hint));
  expect(error.message.length).toBeLessThanOrEqual(600);
  expect(JSON.stringify(error)).not.toContain(secretKey);
}
