// JSON Schema with ajv and RE2, in separate threads: a client's schema holds up neither the event loop nor, for long, the checks of
// other clients.

import { createHash } from 'node:crypto';
import type { JsonValue } from '../../job/task.ts';
import type { SchemaChecker, SchemaProblem, SchemaVerdict } from '../../ports/schemaChecker.ts';
import type { Outcome } from './checkThread.ts';
import { tooDeep } from './messages.ts';
import { Threads } from './threads.ts';

export interface CheckerOptions {
  /** Processor time for a schema, ms. An answer gets twice as much, because its check starts with the schema. */
  readonly limitMs?: number;
}

/** Schemas whose problems are remembered. */
const mostRemembered = 500;

/** Close it with its process. It does not keep the process alive. */
export interface JsonSchemaChecker extends SchemaChecker {
  close(): Promise<void>;
}

export function jsonSchemaChecker({ limitMs = 2_000 }: CheckerOptions = {}): JsonSchemaChecker {
  const threads = new Threads();
  const remembered = new Map<string, Promise<readonly SchemaProblem[]>>();

  const problems: SchemaChecker['problems'] = (schema, owner) => {
    const text = JSON.stringify(schema);
    const digest = digestOf(text);
    const known = remembered.get(digest);
    if (known !== undefined) return known;
    const asked = threads.run(owner ?? digest, { schema: text }, limitMs).then(problemsOf);
    remembered.set(digest, asked);
    if (remembered.size > mostRemembered) remembered.delete(remembered.keys().next().value!);
    // A failure of the thread says nothing about the schema.
    asked.catch(() => remembered.delete(digest));
    return asked;
  };

  const check: SchemaChecker['check'] = async (schema, value) => {
    const written = writtenValue(value);
    if (written === undefined) return { verdict: 'differs', problem: tooDeep };
    const text = JSON.stringify(schema);
    return verdictOf(await threads.run(digestOf(text), { schema: text, value: written }, 2 * limitMs));
  };

  return { problems, check, close: () => threads.close() };
}

/** As JSON; undefined if the value is nested too deeply to be written. */
function writtenValue(value: JsonValue): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

const digestOf = (text: string): string => createHash('sha256').update(text).digest('base64');

function problemsOf(outcome: Outcome): readonly SchemaProblem[] {
  if (outcome.outcome === 'exceeded') return [{ path: '', message: outcome.problem }];
  return 'problems' in outcome.answer ? outcome.answer.problems : [];
}

function verdictOf(outcome: Outcome): SchemaVerdict {
  if (outcome.outcome === 'exceeded') return { verdict: 'uncheckable', problem: outcome.problem };
  const { answer } = outcome;
  if ('problems' in answer) {
    const [first] = answer.problems;
    return { verdict: 'uncheckable', problem: `${first!.path} ${first!.message}`.trim() };
  }
  return answer.problem === undefined ? { verdict: 'matches' } : { verdict: 'differs', problem: answer.problem };
}
