// The behaviours that a stand-in's answer can have besides a quick, ordinary one, and their schema.

import { z } from 'zod';

const timing = {
  /** How long the answer takes, ms; default: the server's `latencyMs`. */
  latencyMs: z.number().min(0).max(86_400_000).optional(),
  /** Applies only to the first so many requests with the same prompt (in a script: to so many requests in a row). */
  times: z.int().min(1).max(10_000).optional(),
};

const reason = z.string().regex(/^[A-Z][A-Z_]{1,63}$/, 'a reason such as SAFETY');
const plainKinds = [
  'slow',
  'hang',
  'stall',
  'bad-key',
  'forbidden',
  'not-found',
  'cut-body',
  'nonsense',
  'empty',
  'no-image',
  'continuation',
  'drop',
] as const;

export const behaviourSchema = z.discriminatedUnion('kind', [
  /** The ordinary answer. `small`: a 64 × 64 PNG, which is cheap to make. */
  z.strictObject({
    kind: z.literal('image'),
    bytes: z.enum(['full', 'small']).optional(),
    format: z.enum(['png', 'jpeg']).optional(),
    ...timing,
  }),
  z.strictObject({ kind: z.literal('status'), status: z.int().min(400).max(599), ...timing }),
  /** 429. `retryMs` adds google.rpc.RetryInfo. */
  z.strictObject({
    kind: z.literal('rate-limited'),
    retryMs: z.number().min(0).optional(),
    quota: z.enum(['minute', 'day']).optional(),
    ...timing,
  }),
  z.strictObject({ kind: z.literal('refuse-prompt'), reason: reason.optional(), ...timing }),
  z.strictObject({ kind: z.literal('refuse-output'), reason: reason.optional(), ...timing }),
  z.strictObject({ kind: z.enum(plainKinds), ...timing }),
]);

export type Behaviour = z.infer<typeof behaviourSchema>;
export type BehaviourKind = Behaviour['kind'];

/** Throws an error of one line for an invalid `value`. */
export function parseBehaviour(value: unknown): Behaviour {
  const parsed = behaviourSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new BadBehaviour(`not a behaviour: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
}

/** The behaviour is unknown or invalid. */
export class BadBehaviour extends Error {}
