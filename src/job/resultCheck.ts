// The check of a result before it is reviewed: a text model looks at the result and answers by a schema whether a person must
// see it.

import type { JsonObject, JsonValue } from './jsonValue.ts';
import type { Duration } from './duration.ts';

/** A check as requested, by a job or as a pool's default. */
export interface CheckRequest {
  /** A text model of the pool; absent: the pool's first one. */
  readonly model?: string;
  /** What the model has to look for. */
  readonly prompt: string;
  /** JSON Schema of the answer; absent: `answerSchema`. */
  readonly schema?: JsonObject;
}

/** The check of a task's results. */
export interface ResultCheck {
  readonly prompt: string;
  readonly schema: JsonObject;
  /** The text model that checks, by pool: for each pool that may run the task. */
  readonly models: Readonly<Record<string, string>>;
}

/** What speaks against a result. */
export interface Flag {
  /** `check`: the model of the check; `safety`: the safety ratings of the provider that made the result. */
  readonly source: 'check' | 'safety';
  readonly reason: string;
}

/** What a check answered. */
export interface CheckAnswer {
  readonly flagged: boolean;
  readonly reasons: readonly string[];
}

/** How long the check of a result may take, in addition to the attempt's timeout, ms. */
export const checkTimeout: Duration = 60_000;

const maxFlags = 20;
const maxReasonLength = 500;

/** The schema of checks that have none. */
export const answerSchema: JsonObject = {
  type: 'object',
  properties: {
    flagged: { type: 'boolean', description: "Whether the result needs a person's review." },
    reasons: {
      type: 'array',
      items: { type: 'string' },
      description: 'Each reason why it needs a review, in one short sentence; empty if it needs none.',
    },
  },
  required: ['flagged', 'reasons'],
};

export interface SchemaProblem {
  /** Within the schema, such as `.properties.flagged`. */
  readonly path: string;
  readonly message: string;
}

/** Why answers by this schema would not say whether the result is flagged, and why. */
export function answerSchemaProblems(schema: JsonObject): readonly SchemaProblem[] {
  const problems: SchemaProblem[] = [];
  const properties = objectIn(schema, 'properties') ?? {};
  const { required = [] } = schema;
  if (schema['type'] !== 'object') problems.push({ path: '.type', message: 'is not object' });
  if (objectIn(properties, 'flagged')?.['type'] !== 'boolean') {
    const message = 'is not a boolean: the answer must say whether the result is flagged';
    problems.push({ path: '.properties.flagged', message });
  }
  if (!Array.isArray(required) || !required.includes('flagged')) {
    problems.push({ path: '.required', message: 'does not contain flagged' });
  }
  const reasons = objectIn(properties, 'reasons');
  const areTexts = reasons?.['type'] === 'array' && objectIn(reasons, 'items')?.['type'] === 'string';
  if (properties['reasons'] !== undefined && !areTexts) {
    problems.push({ path: '.properties.reasons', message: 'is not an array of strings' });
  }
  return problems;
}

/** Undefined if the answer does not say whether the result is flagged. */
export function readCheckAnswer(answer: JsonValue): CheckAnswer | undefined {
  if (!isObject(answer) || typeof answer['flagged'] !== 'boolean') return undefined;
  const { flagged, reasons } = answer;
  const texts = Array.isArray(reasons) ? reasons.filter((reason) => typeof reason === 'string') : [];
  return { flagged, reasons: texts.filter((reason) => reason.trim() !== '') };
}

/** The flags of a flagged answer, at least one. `about` names the image among several. */
export function flagsOf({ flagged, reasons }: CheckAnswer, about?: string): readonly Flag[] {
  if (!flagged) return [];
  const named = reasons.length === 0 ? ['It gave no reason'] : reasons;
  return named.map((reason) => ({ source: 'check', reason: about === undefined ? reason : `${about}: ${reason}` }));
}

/** The flags as a status stores them: no text twice, and bounded, because a model wrote the reasons. */
export function storedFlags(flags: readonly Flag[]): readonly Flag[] {
  const cut = flags.map(({ source, reason }): Flag => ({ source, reason: oneLine(reason) }));
  const distinct = new Map(cut.map((flag) => [`${flag.source} ${flag.reason}`, flag]));
  return [...distinct.values()].slice(0, maxFlags);
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= maxReasonLength ? line : `${line.slice(0, maxReasonLength - 1).toWellFormed()}…`;
}

/** One sentence for a person, without a full stop: "Flagged by the check: red borders; flagged by the safety ratings: …". */
export function flagSentence(flags: readonly Flag[]): string {
  const sources = [
    { source: 'check', by: 'the check' },
    { source: 'safety', by: "the provider's safety ratings" },
  ] as const;
  const parts = sources.flatMap(({ source, by }) => {
    const reasons = flags.flatMap((flag) => (flag.source === source ? [flag.reason.replace(/\.$/, '')] : []));
    return reasons.length === 0 ? [] : [`flagged by ${by}: ${reasons.join('; ')}`];
  });
  const text = parts.join('; ');
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function objectIn(object: JsonObject, name: string): JsonObject | undefined {
  const value = object[name];
  return isObject(value) ? value : undefined;
}
