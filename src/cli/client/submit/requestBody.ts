// The request body of a submit: the file's content, if there is a file, overridden by the flags.

import { withoutUndefined } from '../../../job/withoutUndefined.ts';
import type { SubmitRequest } from '../../../client/index.ts';
import { GenwardenError } from '../../../job/errors/index.ts';
import type { Fallback, Pair } from '../optionParsers.ts';

/** The flags that end up in the body, by commander's names. */
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
  readonly group?: string;
  readonly concurrencyKey?: string;
  readonly attemptTimeout?: string;
  readonly runTimeout?: string;
  readonly queueTimeout?: string;
  readonly reviewTimeout?: string;
  readonly deadline?: string;
  readonly maxAttempts?: number;
  readonly review?: 'never' | 'always' | 'onFlag';
  readonly check?: string;
  readonly checkModel?: string;
  readonly onOutage?: 'wait' | 'fail';
  readonly onBudget?: 'wait' | 'fail';
  readonly fallback?: readonly Fallback[];
  readonly task?: readonly Pair[];
}

/** The contents of files that flags refer to. */
export interface BodyParts {
  /** Digests of the uploaded references. */
  readonly references: readonly string[];
  readonly schema: unknown;
}

type JsonObject = Record<string, unknown>;

/** Throws `UsageError` if there is neither a prompt nor tasks. The API checks the rest. */
export function submitBody(file: JsonObject, options: BodyOptions, parts: BodyParts): SubmitRequest {
  const input = { ...objectAt(file, 'input'), ...inputOf(options, parts) };
  const policy = { ...objectAt(file, 'policy'), ...policyOf(options) };
  const labels = { ...objectAt(file, 'labels'), ...Object.fromEntries(options.label ?? []) };
  const body = {
    ...file,
    kind: options.kind ?? file['kind'] ?? impliedKind(input),
    ...withoutUndefined<JsonObject>({ pool: options.pool, model: options.model, priority: options.priority }),
    ...withoutUndefined<JsonObject>({
      metadata: options.metadata,
      group: options.group,
      concurrencyKey: options.concurrencyKey,
      tasks: tasksOf(options),
    }),
    ...unlessEmpty({ input, policy, labels }),
  };
  if (!('prompt' in input) && !('tasks' in body)) {
    throw new GenwardenError('UsageError', 'Nothing to generate: pass --prompt, --task or --file');
  }
  // A file may contain anything: the API checks the body and reports what is wrong.
  return body as SubmitRequest;
}

function inputOf(options: BodyOptions, { references, schema }: BodyParts): JsonObject {
  const { prompt, system, aspectRatio, imageSize, seed } = options;
  const images = references.length === 0 ? undefined : references.map((artifact) => ({ artifact }));
  return withoutUndefined({ prompt, system, schema, aspectRatio, imageSize, seed, references: images });
}

function policyOf(options: BodyOptions): JsonObject {
  const { attemptTimeout, runTimeout, queueTimeout, reviewTimeout, deadline, maxAttempts, review } = options;
  const { onOutage, onBudget, fallback, check: prompt, checkModel: model } = options;
  const check = withoutUndefined({ prompt, model });
  const limits = { attemptTimeout, runTimeout, queueTimeout, reviewTimeout, deadline, maxAttempts };
  return { ...withoutUndefined({ ...limits, review, onOutage, onBudget, fallback }), ...unlessEmpty({ check }) };
}

function tasksOf({ task }: BodyOptions): JsonObject[] | undefined {
  return task?.map(([name, prompt]) => ({ name, input: { prompt } }));
}

/** `schema` and `system` exist only for text jobs. */
const impliedKind = (input: JsonObject): string => ('schema' in input || 'system' in input ? 'text' : 'image');

function objectAt(file: JsonObject, key: string): JsonObject {
  const value = file[key] ?? {};
  if (typeof value === 'object' && !Array.isArray(value)) return value as JsonObject;
  throw new GenwardenError('UsageError', `The file's ${key} is not an object`);
}

function unlessEmpty(values: Record<string, JsonObject>): JsonObject {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => Object.keys(value).length > 0));
}
