// What the status of every resource has: conditions, and the generation that they are about.
// https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md#typical-status-properties

import { z } from 'zod';

const condition = z.strictObject({
  type: z.string().min(1).max(64).describe('The type of the condition.'),
  status: z.enum(['True', 'False', 'Unknown']).describe('The status of the condition.'),
  reason: z
    .string()
    .regex(/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/)
    .max(128)
    .describe('The reason for the status, in CamelCase, for programs.'),
  message: z.string().max(2_048).describe('The reason for the status, in words.'),
  observedGeneration: z.int().min(0).optional().describe('The generation of the spec that the condition is based on.'),
  lastTransitionTime: z.iso.datetime().describe('When the status last changed.'),
});

export const conditions = z
  .array(condition)
  .max(16)
  .meta({
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['type'],
    description: 'The conditions of the resource.',
  });

export const observedGeneration = z
  .int()
  .min(-1)
  .optional()
  .describe('The generation of the spec that the operator has observed; -1: none yet.');

export type Condition = Readonly<z.infer<typeof condition>>;

/** What a controller sets; `setConditions` fills in the rest. */
export type NewCondition<Type extends string = string> = Pick<Condition, 'status' | 'reason' | 'message'> & {
  readonly type: Type;
};

/** Adds or replaces conditions. `lastTransitionTime` changes only with the status. `now` is ISO 8601. */
export function setConditions(
  before: readonly Condition[],
  changes: readonly NewCondition[],
  generation: number,
  now: string,
): Condition[] {
  const next = changes.map((each): Condition => {
    const old = before.find(({ type }) => type === each.type);
    const lastTransitionTime = old?.status === each.status ? old.lastTransitionTime : now;
    return { ...each, message: each.message.slice(0, 2_048), observedGeneration: generation, lastTransitionTime };
  });
  return [...before.filter(({ type }) => !next.some((each) => each.type === type)), ...next];
}

/** Kubernetes writes times as ISO 8601 text. */
export const isoTime = (ms: number): string => new Date(ms).toISOString();
