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
  /** An ordinary answer that speaks against the result: a safety rating, or `flagged: true` in an answer by a schema. */
  'flag',
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
  /** 429. `retryMs` adds the provider's way to say how long to wait. `credit`: it is used up. */
  z.strictObject({
    kind: z.literal('rate-limited'),
    retryMs: z.number().min(0).optional(),
    quota: z.enum(['minute', 'day', 'credit']).optional(),
    ...timing,
  }),
  /** Not followed by Genwarden; the default location does not exist. */
  z.strictObject({
    kind: z.literal('redirect'),
    status: z.literal([301, 302, 303, 307, 308]).optional(),
    location: z.string().optional(),
    ...timing,
  }),
  /** The ordinary answer, sent in so many pieces with a wait after each. */
  z.strictObject({
    kind: z.literal('drip'),
    pieces: z.int().min(1).max(100_000).optional(),
    everyMs: z.number().min(0).max(3_600_000).optional(),
    ...timing,
  }),
  /** A text of so many UTF-16 code units, for requests without a schema; streamed with a wait after each piece. */
  z.strictObject({
    kind: z.literal('write'),
    characters: z.int().min(1).max(20_000_000),
    everyMs: z.number().min(0).max(3_600_000).optional(),
    ...timing,
  }),
  /**
   * Any answer. `body` is JSON, or the text itself if it is a string. `"candidates": "OK_IMAGE"` stands for an ordinary image
   * answer; elsewhere `OK_IMAGE`, `OK_JPEG`, `OK_WEBP` and `OK_GIF` stand for the base64 of such an image.
   */
  z.strictObject({
    kind: z.literal('raw'),
    status: z.int().min(200).max(599).optional(),
    headers: z.record(z.string(), z.string()).optional(),
    body: z.unknown().optional(),
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
