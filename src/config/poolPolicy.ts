// The schema of a pool's defaults for the policies of its jobs, as written in the pools file.

import { z } from 'zod';
import { formatDuration } from '../job/duration.ts';
import { poolNameForm } from '../job/ids.ts';
import type { JsonObject } from '../job/jsonValue.ts';
import { fallbackCauses, maxFallbacks, policyBounds, reviewModes, type PolicyRequest } from '../job/policy.ts';
import { answerSchemaProblems } from '../job/resultCheck.ts';
import { duration } from './forms.ts';

const time = ({ min, max }: { min: number; max: number }) =>
  duration(formatDuration(min), formatDuration(max)).schema.optional();
const count = ({ min, max }: { min: number; max: number }) => z.int().min(min).max(max).optional();

const present = (values: object): object =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));

const backoffSchema = z
  .strictObject({ initial: time(policyBounds.backoff), max: time(policyBounds.backoff) })
  .refine(({ initial, max }) => (initial ?? max) !== undefined, 'must have initial or max')
  .refine(({ initial = 0, max = Infinity }) => initial <= max, { path: ['initial'], message: 'is more than max' })
  .transform(({ initial: first, max: cap }) => present({ first, cap }));

const fallbackSchema = z
  .strictObject({ pool: z.string().regex(poolNameForm).optional(), model: z.string().min(1).max(128).optional() })
  .refine(({ pool, model }) => (pool ?? model) !== undefined, 'must have pool or model');

const checkSchema = z
  .strictObject({
    model: z.string().min(1).max(128).optional(),
    prompt: z
      .string()
      .min(1)
      .max(8 * 1024),
    schema: z
      .custom<JsonObject>((value) => typeof value === 'object' && value !== null && !Array.isArray(value))
      .superRefine((value, context) => {
        for (const { path, message } of answerSchemaProblems(value)) {
          context.addIssue({ code: 'custom', path: path.slice(1).split('.'), message });
        }
      })
      .optional(),
  })
  .transform((check) => present(check));

export const policySchema = z
  .strictObject({
    attemptTimeout: time(policyBounds.attemptTimeout),
    runTimeout: time(policyBounds.runTimeout),
    queueTimeout: time(policyBounds.queueTimeout),
    reviewTimeout: time(policyBounds.reviewTimeout),
    maxAttempts: count(policyBounds.maxAttempts),
    maxLostAttempts: count(policyBounds.maxLostAttempts),
    review: z.enum(reviewModes).optional(),
    check: checkSchema.optional(),
    backoff: backoffSchema.optional(),
    onOutage: z.enum(['wait', 'fail']).optional(),
    onBudget: z.enum(['wait', 'fail']).optional(),
    fallback: z.array(fallbackSchema).min(1).max(maxFallbacks).optional(),
    fallbackOn: z
      .array(z.enum(fallbackCauses))
      .min(1)
      .refine((all) => new Set(all).size === all.length, 'names a cause twice')
      .optional(),
  })
  .transform((policy) => present(policy) as PolicyRequest);
