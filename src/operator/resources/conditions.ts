// Conditions of a resource's status: what holds of it, since when, and why.
// https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md#typical-status-properties

import { z } from 'zod';

const condition = z.strictObject({
  type: z.string().min(1).max(64).describe('What holds or does not.'),
  status: z.enum(['True', 'False', 'Unknown']).describe('Whether it holds.'),
  reason: z
    .string()
    .regex(/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/)
    .max(128)
    .describe('Why, as one CamelCase word for programs.'),
  message: z.string().max(2_048).describe('Why, for a person.'),
  observedGeneration: z.int().min(0).optional().describe('The generation of the spec that this was said of.'),
  lastTransitionTime: z.iso.datetime().describe('When the status changed last.'),
});

export const conditions = z
  .array(condition)
  .max(16)
  .meta({
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['type'],
    description: 'What holds of the resource.',
  });

export type Condition = Readonly<z.infer<typeof condition>>;

/** What a controller says; the rest follows from what was said before. */
export type NewCondition<Type extends string = string> = Pick<Condition, 'status' | 'reason' | 'message'> & {
  readonly type: Type;
};

/**
 * The conditions after the stated ones: each keeps the time of its last change while its status is the same, others stay
 * as they are. `now` is ISO 8601.
 */
export function setConditions(
  before: readonly Condition[],
  stated: readonly NewCondition[],
  observedGeneration: number,
  now: string,
): Condition[] {
  const next = stated.map((each): Condition => {
    const old = before.find(({ type }) => type === each.type);
    const lastTransitionTime = old?.status === each.status ? old.lastTransitionTime : now;
    return { ...each, message: each.message.slice(0, 2_048), observedGeneration, lastTransitionTime };
  });
  return [...before.filter(({ type }) => !next.some((each) => each.type === type)), ...next];
}

/** Kubernetes writes times as ISO 8601 text. */
export const isoTime = (ms: number): string => new Date(ms).toISOString();
