// Puts the results of the tasks that a task waited for into its input: parts of their outputs into its texts, and their
// artifacts into its references.

import { count } from '../job/explain/format.ts';
import { mapLimit } from '../async/mapLimit.ts';
import { sleep } from '../async/sleep.ts';
import { backoffCeiling } from '../job/backoff.ts';
import { valueAt } from '../job/chains/path.ts';
import { expanded, templateOf, textOf, type Use } from '../job/chains/template.ts';
import { AttemptFailed, taskError } from '../job/errors/index.ts';
import { limitsOf } from '../job/modelLimits.ts';
import { targetOf } from '../job/target.ts';
import {
  maxTextBytes,
  type ArtifactRef,
  type JsonValue,
  type Reference,
  type ReferenceImage,
  type ResultReference,
  type TaskDetail,
  type TaskInput,
} from '../job/task.ts';
import { imageMediaTypes } from '../jobs/submit/image.ts';
import type { WorkerContext } from './context.ts';
import type { HeldTask } from './heldTasks.ts';
import type { Claim } from './pipeline.ts';
import { storeCall } from './storeCalls.ts';
import { isTransient, transientBackoff } from './transientErrors.ts';

/** A request whose references are all stored images. */
export interface ResolvedClaim extends Claim {
  readonly references: readonly ReferenceImage[];
}

/** Of an output that was too large for its status, bytes. */
const maxOutputBytes = 16 * 1024 * 1024;

/**
 * Reads the results that the task uses. Throws `AttemptFailed`, which names what is missing or too large, or the attempt's
 * reason to abort; waits while NATS is unreachable.
 */
export async function withResults(claim: Claim, held: HeldTask, context: WorkerContext): Promise<ResolvedClaim> {
  const { input, after = [], tweaked } = claim.request;
  const references = input.references ?? [];
  if (after.length === 0) return { ...claim, references: references.filter(isStored) };
  held.phase = { phase: 'dependencies' };
  const names = new Set(after);
  const prompt = { text: input.prompt, ...templateOf(input.prompt, names, tweaked?.prompt.length) };
  const system = { text: input.system ?? '', ...templateOf(input.system ?? '', names) };
  const uses = [...prompt.uses, ...system.uses];
  const results = await readParts({ claim, uses, references: references.filter(isResult) }, held, context);
  const fill = ({ text, uses: own }: typeof prompt, field: string): string =>
    filled(text, own, (use) => results.texts.get(use)!, field);
  const expandedInput: TaskInput = {
    ...input,
    prompt: fill(prompt, 'prompt'),
    ...(input.system === undefined ? {} : { system: fill(system, 'system') }),
  };
  const images = references.map((one) => (isResult(one) ? results.images.get(one)! : one));
  checkSizes(images, claim, context);
  const request = { ...claim.request, input: { ...expandedInput, ...(images.length > 0 && { references: images }) } };
  return { ...claim, request, references: images };
}

const isStored = (reference: Reference): reference is ReferenceImage => !isResult(reference);
const isResult = (reference: Reference): reference is ResultReference => typeof reference.artifact === 'object';

interface Wanted {
  readonly claim: Claim;
  readonly uses: readonly Use[];
  readonly references: readonly ResultReference[];
}

interface Parts {
  readonly texts: Map<Use, string>;
  readonly images: Map<ResultReference, ReferenceImage>;
}

/** Reads each used task once, a few at a time, and keeps only what is used of it. */
async function readParts({ claim, uses, references }: Wanted, held: HeldTask, context: WorkerContext): Promise<Parts> {
  const parts: Parts = { texts: new Map(), images: new Map() };
  const { after = [] } = claim.request;
  const used = new Set([...uses.map(({ task }) => task), ...references.map(({ artifact }) => artifact.task)]);
  const { signal } = held.abort;
  let bytes = 0;
  await mapLimit(4, [...used], async (name) => {
    const task = claim.state.of.after![after.indexOf(name)]!;
    const detail = await resultOf({ claim, name, task }, signal, context);
    for (const reference of references)
      if (reference.artifact.task === name) parts.images.set(reference, imageOf(reference, detail.artifacts ?? []));
    const own = uses.filter((use) => use.task === name);
    if (own.length === 0) return;
    const output = await outputOf(detail, name, claim, signal, context);
    for (const use of own) {
      const part = partOf(output, use);
      bytes += Buffer.byteLength(part);
      if (bytes > 2 * maxTextBytes)
        throw tooLarge(`What the task uses of other tasks' outputs is longer than ${maxTextBytes / 1024} KiB`);
      parts.texts.set(use, part);
    }
  });
  return parts;
}

async function resultOf(
  { claim, name, task }: { claim: Claim; name: string; task: number },
  signal: AbortSignal,
  { options }: WorkerContext,
): Promise<TaskDetail> {
  const { pool, job } = claim.state.of;
  for (let tries = 1; ; tries += 1) {
    signal.throwIfAborted();
    try {
      const last = await options.log.last({ pool, job, task });
      if (last?.state.state === 'succeeded') return last.detail;
      throw missing(
        `Task ${name} has no result: it ${last === undefined ? 'is no longer stored' : `is ${last.state.state}`}`,
      );
    } catch (error) {
      if (error instanceof AttemptFailed || !isTransient(error)) throw error;
      await sleep(backoffCeiling(tries, transientBackoff), signal);
    }
  }
}

/** A long output is an artifact. */
async function outputOf(
  { output, artifacts = [] }: TaskDetail,
  name: string,
  { state, span }: Claim,
  signal: AbortSignal,
  context: WorkerContext,
): Promise<JsonValue> {
  if (output !== undefined) return output;
  const stored = artifacts.find((artifact) => artifact.name === 'output');
  if (stored === undefined) throw missing(`Task ${name} has no output`);
  if (stored.bytes > maxOutputBytes)
    throw tooLarge(`The output of task ${name} has ${stored.bytes} bytes, more than ${maxOutputBytes}`);
  const what = `Reading the output of task ${name} from the artifact store failed`;
  const read = () => context.options.artifacts.read(state.of.tenant, stored.digest, signal);
  const bytes = await storeCall({ operation: 'read', what, span }, read, signal, context);
  if (bytes === undefined) throw missing(`The output of task ${name} (${stored.digest}) is not stored`);
  const text = new TextDecoder().decode(bytes);
  return stored.mediaType.startsWith('text/') ? text : (JSON.parse(text) as JsonValue);
}

function partOf(output: JsonValue, { path, text }: Use): string {
  const found = valueAt(output, path);
  if ('missing' in found) throw missing(`There is no ${text}: ${found.missing}`);
  const part = textOf(found.value);
  if (Buffer.byteLength(part) > maxTextBytes) throw tooLarge(`${text} is longer than ${maxTextBytes / 1024} KiB`);
  return part;
}

function filled(text: string, uses: readonly Use[], valueOf: (use: Use) => string, field: string): string {
  const result = expanded(text, uses, uses.map(valueOf));
  const bytes = Buffer.byteLength(result);
  if (uses.length === 0 || bytes <= maxTextBytes) return result;
  throw tooLarge(
    `With the outputs of other tasks, input.${field} has ${bytes} bytes, more than ${maxTextBytes / 1024} KiB`,
  );
}

function imageOf({ artifact, caption }: ResultReference, artifacts: readonly ArtifactRef[]): ReferenceImage {
  const found = artifacts.find(({ name }) => name === artifact.name);
  const there = artifacts.map(({ name }) => name).join(', ') || 'none';
  if (found === undefined) throw missing(`Task ${artifact.task} has no artifact ${artifact.name}; it has ${there}`);
  const { digest, mediaType, bytes } = found;
  if (!imageMediaTypes.some((type) => type === mediaType))
    throw missing(`Artifact ${artifact.name} of task ${artifact.task} is ${mediaType}, not PNG, JPEG or WebP`);
  return { artifact: digest, mediaType, bytes, ...(caption === undefined ? {} : { caption }) };
}

function checkSizes(images: readonly ReferenceImage[], { state }: Claim, { options }: WorkerContext): void {
  const { model } = targetOf(state);
  const limits = limitsOf(options.provider.name, model);
  const sizes = images.map(({ bytes = 0 }) => bytes);
  const largest = Math.max(0, ...sizes);
  const total = sizes.reduce((sum, bytes) => sum + bytes, 0);
  if (images.length > limits.references)
    throw tooLarge(`The task has ${count(images.length, 'reference')}, but ${model} accepts ${limits.references}`);
  if (largest > limits.referenceBytes)
    throw tooLarge(`A reference has ${largest} bytes, but ${model} accepts ${limits.referenceBytes}`);
  if (total > limits.totalReferenceBytes)
    throw tooLarge(`The references have ${total} bytes together, but ${model} accepts ${limits.totalReferenceBytes}`);
}

const missing = (message: string): AttemptFailed => new AttemptFailed(taskError('DependencyOutputMissing', message));
const tooLarge = (message: string): AttemptFailed => new AttemptFailed(taskError('DependencyOutputTooLarge', message));
