// The schema of a policy in a submit's body and in custom resources, and its values in milliseconds.

import { z } from 'zod';
import { parseDuration } from '../../job/duration.ts';
import { poolNameForm } from '../../job/ids.ts';
import { fallbackCauses, maxFallbacks, policyBounds, reviewModes, type PolicyRequest } from '../../job/policy.ts';
import { checkBody } from './checkBody.ts';
import { durationText } from './durationText.ts';

const { deadline, maxAttempts, maxLostAttempts } = policyBounds;

export const poolName = z.string().regex(poolNameForm, 'is not the name of a pool').meta({ maxLength: 63 });
export const modelName = z.string().min(1).max(128);

export const backoffBody = z
  .strictObject({
    initial: durationText(policyBounds.backoff, 'The longest delay after the first failed attempt').optional(),
    max: durationText(policyBounds.backoff, 'The longest delay after any failed attempt').optional(),
  })
  .refine(({ initial, max }) => (initial ?? max) !== undefined, 'must have initial or max')
  .refine(
    ({ initial, max }) =>
      initial === undefined || max === undefined || !(parseDuration(initial)! > parseDuration(max)!),
    { path: ['initial'], message: 'is more than max' },
  )
  .meta({ minProperties: 1 });

export const fallbackBody = z
  .strictObject({
    pool: poolName.optional().describe("Another pool; without a model, that pool's first model of the job's kind."),
    model: modelName.optional().describe("Another model; without a pool, of the job's own pool."),
  })
  .refine(({ pool, model }) => (pool ?? model) !== undefined, 'must have pool or model')
  .meta({ minProperties: 1 });

const waitOrFail = z.enum(['wait', 'fail']);

export const policyBody = z.strictObject({
  attemptTimeout: durationText(policyBounds.attemptTimeout, 'Limit of one attempt').optional(),
  runTimeout: durationText(
    policyBounds.runTimeout,
    'Limit of all time running and in backoff within one run',
  ).optional(),
  queueTimeout: durationText(policyBounds.queueTimeout, 'Limit of all time waiting for a worker or a key').optional(),
  reviewTimeout: durationText(policyBounds.reviewTimeout, 'Limit of all time waiting for a reviewer').optional(),
  deadline: durationText(deadline, 'Limit from submit to the end; null: none').nullable().optional(),
  maxAttempts: z
    .int()
    .min(maxAttempts.min)
    .max(maxAttempts.max)
    .optional()
    .describe('Attempts at a task within one run.'),
  maxLostAttempts: z
    .int()
    .min(maxLostAttempts.min)
    .max(maxLostAttempts.max)
    .optional()
    .describe('Workers that a task may lose within one run before it fails as PoisonPill.'),
  review: z
    .enum(reviewModes)
    .optional()
    .describe(
      "Which results a person must approve. onFlag: those that the check or the provider's safety ratings flag. Default: never; onFlag if there is a check.",
    ),
  check: checkBody.optional(),
  backoff: backoffBody
    .optional()
    .describe('Delays between attempts. Default: they spread the attempts over runTimeout.'),
  onOutage: waitOrFail
    .optional()
    .describe("What a task does while its provider is out. Default: wait; fail: fail with the provider's code."),
  onBudget: waitOrFail
    .optional()
    .describe('What a task does while the budget of its pool or tenant is spent. Default: wait.'),
  fallback: z
    .array(fallbackBody)
    .min(1, 'is empty')
    .max(maxFallbacks, `has more than ${maxFallbacks} items`)
    .optional()
    .describe('Other models or pools, in order, for when this one cannot serve a task.'),
  fallbackOn: z
    .array(z.enum(fallbackCauses))
    .min(1, 'is empty')
    .max(fallbackCauses.length)
    .refine((all) => new Set(all).size === all.length, 'names a cause twice')
    .meta({ 'x-kubernetes-list-type': 'set' })
    .optional()
    .describe('What moves a task to its next fallback. Default: all but refusal.'),
});

export type PolicyBody = z.infer<typeof policyBody>;

/**
 * The policy with times in milliseconds, without its deadline, which only jobs have. The fields keep their order: the operator
 * and the workers must make the same declaration of a pool.
 */
export function policyRequestOf({ deadline: _, ...policy }: PolicyBody): PolicyRequest {
  const { attemptTimeout, runTimeout, queueTimeout, reviewTimeout, backoff: delays } = policy;
  return present({
    ...policy,
    attemptTimeout: milliseconds(attemptTimeout),
    runTimeout: milliseconds(runTimeout),
    queueTimeout: milliseconds(queueTimeout),
    reviewTimeout: milliseconds(reviewTimeout),
    backoff: delays && present({ first: milliseconds(delays.initial), cap: milliseconds(delays.max) }),
  });
}

const milliseconds = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : parseDuration(text);

const present = (values: object): object =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
