// The wire format of heartbeats and cancellations: JSON, validated on arrival, as any user of the account may publish there.

import { z } from 'zod';
import type { AttemptPhase } from '../../../job/attemptPhase.ts';
import { storagePlaces, storageRefusals } from '../../../job/storage.ts';
import type { Beat, BeatTask, Cancellation } from '../../../ports/heartbeats.ts';

const count = z.int().min(0);
const ms = z.number().min(0);
const size = z.number().min(0);
const id = z.string().min(1).max(128);

const phaseSchema: z.ZodType<AttemptPhase> = z.discriminatedUnion('phase', [
  z.object({ phase: z.literal('memory'), alone: z.boolean() }),
  z.object({ phase: z.literal('references'), read: count, of: count }),
  z.object({ phase: z.literal('dependencies') }),
  z.object({ phase: z.literal('provider') }),
  z.object({ phase: z.literal('check') }),
  z.object({ phase: z.literal('result') }),
]);

/** A phase that only a newer version knows is dropped as well. */
const withKnownPhase = ({ phase, ...task }: Omit<BeatTask, 'phase'> & { phase?: unknown }): BeatTask => {
  const known = phaseSchema.safeParse(phase).data;
  return known === undefined ? task : { ...task, phase: known };
};

/** Unknown fields, which a newer version may have added, are dropped. */
const beatSchema: z.ZodType<Beat> = z.object({
  worker: id,
  pool: id,
  host: z.string(),
  pid: count,
  version: z.string(),
  startedAt: z.number(),
  number: z.int().min(1),
  tasks: z.array(
    z
      .object({
        job: id,
        task: count,
        claim: count,
        progress: z.number(),
        phase: z.unknown().optional(),
        waited: ms.exactOptional(),
        usual: z.object({ p50: ms, p95: ms }).exactOptional(),
      })
      .transform(withKnownPhase),
  ),
  slots: z.object({ total: count, busy: count, leaked: count }),
  eventLoopLag: z.number(),
  memory: z.number(),
  attemptMemory: z.object({ used: size, limit: size }).exactOptional(),
  draining: z.boolean(),
  stopped: z.literal(true).exactOptional(),
  parts: count.exactOptional(),
  standIn: z.literal(true).exactOptional(),
  keys: z.array(z.string()).exactOptional(),
  // A newer version may know other outcomes.
  provider: z
    .object({
      address: z.string(),
      enabled: z.boolean(),
      at: z.number().nullable(),
      keys: z.array(
        z.object({
          fingerprint: z.string(),
          outcome: z.enum(['accepted', 'refused', 'limited', 'unclear', 'failed']),
          ms,
          says: z.string(),
        }),
      ),
    })
    .exactOptional()
    .catch(() => ({ address: '', enabled: false, at: null, keys: [] })),
  // A newer version may know other places.
  storage: z
    .object({ place: z.enum(storagePlaces), refuses: z.enum(storageRefusals), since: z.number(), words: z.string() })
    .optional()
    .catch(undefined),
  connection: z.object({ server: z.string(), client: z.number() }),
});

const cancellationSchema: z.ZodType<Cancellation> = z.object({
  job: id,
  task: count,
  claim: count,
  reason: z.string(),
});

/** Undefined for anything that is not a heartbeat. */
export const readBeat = (bytes: Uint8Array): Beat | undefined => read(beatSchema, bytes);

export const readCancellation = (bytes: Uint8Array): Cancellation | undefined => read(cancellationSchema, bytes);

function read<T>(schema: z.ZodType<T>, bytes: Uint8Array): T | undefined {
  try {
    return schema.safeParse(JSON.parse(new TextDecoder().decode(bytes))).data;
  } catch {
    return undefined;
  }
}
