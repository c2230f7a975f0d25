// The body of a submit from the command line: a file's, if one is given, with the flags laid over it.

import type { SubmitRequest } from '../../client/index.ts';
import { GenwardenError } from '../../job/errors/index.ts';
import type { Pair } from './optionForms.ts';

/** The flags that say what to make; names are those of commander. */
export interface BodyOptions {
  readonly prompt?: string;
  readonly system?: string;
  readonly kind?: 'image' | 'text';
  readonly pool?: string;
  readonly model?: string;
  readonly priority?: 'high' | 'normal' | 'low';
  readonly aspectRatio?: string;
  readonly imageSize?: string;
  readonly seed?: number;
  readonly label?: readonly Pair[];
  readonly metadata?: unknown;
  readonly concurrencyKey?: string;
  readonly attemptTimeout?: string;
  readonly runTimeout?: string;
  readonly queueTimeout?: string;
  readonly reviewTimeout?: string;
  readonly deadline?: string;
  readonly maxAttempts?: number;
  readonly review?: 'never' | 'always';
  readonly task?: readonly Pair[];
}

/** What the flags name in files, read already. */
export interface BodyParts {
  /** Digests of the uploaded references. */
  readonly references: readonly string[];
  readonly schema: unknown;
}

type JsonObject = Record<string, unknown>;

/** Throws `UsageError` where nothing says what to make, or a task has no prompt. The rest is the API's to check. */
export function submitBody(file: JsonObject, options: BodyOptions, parts: BodyParts): SubmitRequest {
  const input = { ...objectAt(file, 'input'), ...inputOf(options, parts) };
  const policy = { ...objectAt(file, 'policy'), ...policyOf(options) };
  const labels = { ...objectAt(file, 'labels'), ...Object.fromEntries(options.label ?? []) };
  const body = {
    ...file,
    kind: options.kind ?? file['kind'] ?? impliedKind(input),
    ...given({ pool: options.pool, model: options.model, priority: options.priority }),
    ...given({ metadata: options.metadata, concurrencyKey: options.concurrencyKey, tasks: tasksOf(options) }),
    ...unlessEmpty({ input, policy, labels }),
  };
  if (!('prompt' in input) && !('tasks' in body)) {
    throw new GenwardenError('UsageError', 'Nothing says what to make: give --prompt, --task or --file');
  }
  // Checked by the API, which names what is wrong; a file may hold anything.
  return body as SubmitRequest;
}

function inputOf(options: BodyOptions, { references, schema }: BodyParts): JsonObject {
  const { prompt, system, aspectRatio, imageSize, seed } = options;
  const images = references.length === 0 ? undefined : references.map((artifact) => ({ artifact }));
  return given({ prompt, system, schema, aspectRatio, imageSize, seed, references: images });
}

function policyOf(options: BodyOptions): JsonObject {
  const { attemptTimeout, runTimeout, queueTimeout, reviewTimeout, deadline, maxAttempts, review } = options;
  return given({ attemptTimeout, runTimeout, queueTimeout, reviewTimeout, deadline, maxAttempts, review });
}

function tasksOf({ task }: BodyOptions): JsonObject[] | undefined {
  return task?.map(([name, prompt]) => ({ name, input: { prompt } }));
}

/** What only text jobs have makes a text job; all else is a picture. */
const impliedKind = (input: JsonObject): string => ('schema' in input || 'system' in input ? 'text' : 'image');

function objectAt(file: JsonObject, key: string): JsonObject {
  const value = file[key] ?? {};
  if (typeof value === 'object' && !Array.isArray(value)) return value as JsonObject;
  throw new GenwardenError('UsageError', `The file's ${key} is not an object`);
}

function given(values: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

function unlessEmpty(values: Record<string, JsonObject>): JsonObject {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => Object.keys(value).length > 0));
}
