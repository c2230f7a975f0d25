// Reads a task's reference images from the artifact store, a few at a time.

import { mapLimit } from '../async/mapLimit.ts';
import { referenceText } from '../job/attemptPhase.ts';
import { AttemptFailed, taskError } from '../job/errors/index.ts';
import type { ReferenceImage } from '../job/task.ts';
import type { ReferenceBytes } from '../ports/provider.ts';
import type { Span } from '../telemetry/tracing/tracer.ts';
import type { WorkerContext } from './context.ts';
import type { ResolvedClaim } from './dependencies.ts';
import type { HeldTask } from './heldTasks.ts';
import { storeCall } from './storeCalls.ts';

/** Enough to hide the round trips of small ones. */
const atOnce = 3;

/**
 * In the task's order. Throws `AttemptFailed`, which names the reference, or the attempt's reason to abort. After a failure it
 * stops reading the others.
 */
export async function readReferences(
  { state, references, span }: ResolvedClaim,
  held: HeldTask,
  context: WorkerContext,
): Promise<ReferenceBytes[]> {
  if (references.length === 0) return [];
  let read = 0;
  const showPhase = (): void => void (held.phase = { phase: 'references', read, of: references.length });
  showPhase();
  const failed = new AbortController();
  const signal = AbortSignal.any([held.abort.signal, failed.signal]);
  return await mapLimit(atOnce, references, async (reference, index) => {
    try {
      const named = referenceText(index, references.length);
      const bytes = await readOne({ reference, named, tenant: state.of.tenant, span }, signal, context);
      read += 1;
      showPhase();
      return bytes;
    } catch (error) {
      failed.abort(error);
      throw failed.signal.reason;
    }
  });
}

interface NamedReference {
  readonly reference: ReferenceImage;
  readonly named: string;
  readonly tenant: string;
  readonly span: Span | undefined;
}

async function readOne(
  { reference, named, tenant, span }: NamedReference,
  signal: AbortSignal,
  context: WorkerContext,
): Promise<ReferenceBytes> {
  const { artifact, mediaType, caption } = reference;
  const { artifacts } = context.options;
  const what = `Reading ${named} (${artifact}) from the artifact store failed`;
  const bytes = await storeCall(
    { operation: 'read', what, span },
    () => artifacts.read(tenant, artifact, signal),
    signal,
    context,
  );
  if (bytes !== undefined) return { mediaType, bytes, ...(caption === undefined ? {} : { caption }) };
  const message = `${named[0]!.toUpperCase()}${named.slice(1)} (${artifact}) is not stored`;
  throw new AttemptFailed(taskError('ReferenceNotFound', message));
}
