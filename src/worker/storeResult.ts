// Stores the provider's result before a status refers to it: images with a thumbnail and metadata, and long texts.

import { mapLimit } from '../async/mapLimit.ts';
import { AttemptFailed, taskError } from '../job/errors/index.ts';
import { storedFlags, type Flag } from '../job/resultCheck.ts';
import { targetOf } from '../job/target.ts';
import type { ArtifactRef, JsonValue, TaskDetail, JsonObject, Usage } from '../job/task.ts';
import type { Generated, GeneratedImage } from '../ports/provider.ts';
import { checkResult, type Checked } from './checkResult.ts';
import type { WorkerContext } from './context.ts';
import type { HeldTask } from './heldTasks.ts';
import type { WorkerOptions } from './options.ts';
import type { Claim, Result } from './pipeline.ts';
import { storeCall } from './storeCalls.ts';
import { readImage, type ImageInfo } from './thumbnail.ts';

/** The maximum size of a text output in the status, bytes; a larger one is stored as an artifact. */
const inlineOutputLimit = 256 * 1024;

/** What the attempt has done for the result so far. */
export interface Making {
  readonly held: HeldTask;
  /** The provider's time, ms. */
  readonly durationMs: number;
}

/**
 * Stores the result, and has it checked if the task asks for that. Throws `AttemptFailed`, or the reason of `ended` if the
 * worker ends while the store is unavailable.
 */
export async function storeResult(
  claim: Claim,
  made: Generated,
  making: Making,
  context: WorkerContext,
): Promise<Result> {
  const { stored, checked } = await storeAndCheck(claim, made, making, context);
  const { artifacts = [], ...output } = stored;
  const flags = storedFlags([...(checked?.flags ?? []), ...safetyFlags(made)]);
  const usage = usageOf(made, checked, making);
  const result: Result = {
    ...output,
    usage,
    ...(flags.length > 0 && { flags }),
    ...remarkOf(made, artifacts),
    ...(checked?.failure !== undefined && { checkFailure: checked.failure }),
  };
  if (claim.state.of.kind === 'text') return { ...result, ...(artifacts.length > 0 && { artifacts }) };
  const about = describeResult(
    claim,
    { artifacts, usage, provenance: made.provenance, flags, checked },
    context.options,
  );
  const metadata = await store(claim, 'metadata', asJson(about), 'application/json', context);
  return { ...result, artifacts: [...artifacts, metadata] };
}

/** Half of a surrogate pair is kept in JSON, as an escape, but a stored text is UTF-8, which cannot hold it. */
function remarkOf({ output, provenance }: Generated, artifacts: readonly ArtifactRef[]): Pick<Result, 'remark'> {
  const remarks = [
    ...(provenance['repaired'] === true ? ['the first answer was not valid, and the model repaired it'] : []),
    ...(typeof output === 'string' && artifacts.length > 0 && !output.isWellFormed()
      ? ['halves of characters in the text were replaced with U+FFFD']
      : []),
  ];
  return remarks.length === 0 ? {} : { remark: remarks.join('; ') };
}

const safetyFlags = ({ flags = [] }: Generated): readonly Flag[] =>
  flags.map((reason): Flag => ({ source: 'safety', reason }));

/** Of all calls of the attempt; the time is that of the call that made the result. */
function usageOf({ usage }: Generated, checked: Checked | undefined, { held, durationMs }: Making): Usage {
  const { inputTokens = 0, outputTokens = 0 } = checked?.usage ?? {};
  const { cost } = held.paid;
  return {
    inputTokens: usage.inputTokens + inputTokens,
    outputTokens: usage.outputTokens + outputTokens,
    durationMs,
    ...(cost === undefined ? {} : { cost }),
  };
}

/**
 * The check comes after the result is stored, and needs its bytes. Releases what the provider made once nothing reads it any
 * more: `mapLimit` fails only after all storing has ended, and an aborted check may still be running.
 */
async function storeAndCheck(
  claim: Claim,
  made: Generated,
  { held }: Making,
  context: WorkerContext,
): Promise<{ stored: Stored; checked: Checked | undefined }> {
  try {
    const stored = await storeMade(claim, made, context);
    return { stored, checked: await checkResult(claim, made, held, context) };
  } finally {
    if (held.unsettled === undefined) made.release?.();
    else void held.unsettled.then(() => made.release?.());
  }
}

async function storeMade(claim: Claim, made: Generated, context: WorkerContext): Promise<Stored> {
  if (claim.state.of.kind === 'text') return await storeOutput(claim, made.output, context);
  const images = await mapLimit(2, made.images, (image, index) => storeImage(claim, image, index, context));
  return { artifacts: images.flat() };
}

type Stored = Pick<TaskDetail, 'artifacts' | 'output'>;

async function storeOutput(claim: Claim, output: JsonValue, context: WorkerContext): Promise<Stored> {
  const bytes = asJson(output);
  if (bytes.length <= inlineOutputLimit) return { output };
  const isText = typeof output === 'string';
  const mediaType = isText ? 'text/plain; charset=utf-8' : 'application/json';
  return { artifacts: [await store(claim, 'output', isText ? Buffer.from(output) : bytes, mediaType, context)] };
}

/** The images are named `image`, `image-2`, …; a `thumbnail` follows the first one. */
async function storeImage(
  claim: Claim,
  image: GeneratedImage,
  index: number,
  context: WorkerContext,
): Promise<ArtifactRef[]> {
  const { bytes, mediaType } = image;
  const { width, height, thumbnail } = await readOrFail(bytes, index === 0);
  const name = index === 0 ? 'image' : `image-${index + 1}`;
  const objects = [
    { name, bytes, mediaType },
    ...(thumbnail === undefined ? [] : [{ name: 'thumbnail', ...thumbnail }]),
  ];
  const [ref, small] = await mapLimit(2, objects, (it) => store(claim, it.name, it.bytes, it.mediaType, context));
  const stored = { ...ref!, width, height };
  if (small === undefined || thumbnail === undefined) return [stored];
  return [stored, { ...small, width: thumbnail.width, height: thumbnail.height }];
}

async function readOrFail(bytes: Uint8Array, withThumbnail: boolean): Promise<ImageInfo> {
  try {
    return await readImage(bytes, withThumbnail);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new AttemptFailed(taskError('ProviderResponseInvalid', `The image cannot be read: ${why}`), { cause });
  }
}

async function store(
  claim: Claim,
  name: string,
  bytes: Uint8Array,
  mediaType: string,
  context: WorkerContext,
): Promise<ArtifactRef> {
  const { tenant, job, task, labels, expiresAt } = claim.state.of;
  const place = { job, task, name, labels, expiresAt };
  const put = () => context.options.artifacts.put(tenant, bytes, mediaType, { place });
  const what = `Storing the ${name} of the result in the artifact store failed`;
  const stored = await storeCall({ operation: 'put', what, span: claim.span }, put, context.ended, context);
  return { name, ...stored };
}

const asJson = (value: JsonValue): Buffer => Buffer.from(JSON.stringify(value));

interface Made {
  readonly artifacts: readonly ArtifactRef[];
  readonly usage: Usage;
  readonly provenance: Generated['provenance'];
  readonly flags: readonly Flag[];
  readonly checked: Checked | undefined;
}

/** The content of the `metadata` artifact: how an image was generated. */
function describeResult(
  { state, request }: Claim,
  { flags, checked, ...made }: Made,
  { name, provider, clock }: WorkerOptions,
): JsonObject {
  const { job, task, name: taskName, kind, labels } = state.of;
  const { pool, model } = targetOf(state);
  const about = {
    job,
    task,
    name: taskName,
    run: state.run,
    attempt: state.attempt,
    kind,
    pool,
    worker: name,
    provider: provider.name,
    model,
    madeAt: new Date(clock.now()).toISOString(),
    input: request.input,
    labels,
    metadata: request.metadata,
    jobMetadata: request.jobMetadata,
    ...made,
    ...(flags.length > 0 && { flags }),
    ...(checked !== undefined && {
      check: { model: checked.model, answers: checked.answers, failure: checked.failure },
    }),
  };
  // The round trip drops undefined fields; the types guarantee that all others are JSON.
  return JSON.parse(JSON.stringify(about satisfies Record<string, unknown>)) as Record<string, JsonValue>;
}
