// Review: a person approves a result, rejects it, or asks for another run with an instruction (a tweak).

import { GenwardenError, taskError } from '../errors/index.ts';
import { invalidRequest } from '../errors/invalidRequest.ts';
import { limitsOf } from '../modelLimits.ts';
import type { Flag } from '../resultCheck.ts';
import {
  maxReferences,
  type Instant,
  type NeedsReview,
  type Reference,
  type TaskDetail,
  type TaskInput,
  type TaskRequest,
  type Tweaked,
  type Used,
} from '../task.ts';
import { approved, newRun, rejected } from '../transitions.ts';
import { refuse, write, type Decision, type LastMessage } from './decision.ts';
import { refusalOfRun } from './retry.ts';

export interface Review {
  /** The run that the reviewer saw. */
  readonly run: number;
  readonly decision: 'approve' | 'reject' | 'tweak';
  /** What to change; with `tweak` only. Absent: what the flags say. */
  readonly instruction?: string | undefined;
  readonly note?: string | undefined;
}

/** `request` is the task's newest request; `by` is the reviewer's name. */
export function reviewTask(
  { state, detail }: LastMessage,
  request: TaskRequest,
  review: Review,
  by: string,
  now: Instant,
): Decision {
  if (state.state !== 'needs_review' || state.run !== review.run) {
    const { task } = state.of;
    const message = `Task ${task} is ${state.state} in run ${state.run}, not in review of run ${review.run}`;
    return refuse(new GenwardenError('NotInReview', message));
  }
  const note = review.note === undefined ? '' : `: ${review.note}`;
  switch (review.decision) {
    case 'approve':
      return write({ state: approved(state, now), detail: { ...detail, message: `Approved by ${by}${note}` } });
    case 'reject': {
      const message = `Rejected by ${by}${note}`;
      const error = taskError('RejectedInReview', message);
      return write({ state: rejected(state, now), detail: { ...detail, message, error } });
    }
    case 'tweak':
      return tweak({ state, detail, request, now }, review.instruction ?? instructionOf(detail.flags), `${by}${note}`);
    default:
      return review.decision satisfies never;
  }
}

interface InReview {
  readonly state: NeedsReview;
  readonly detail: TaskDetail;
  readonly request: TaskRequest;
  readonly now: Instant;
}

function tweak({ state, detail, request, now }: InReview, instruction: string | undefined, reviewer: string): Decision {
  if (instruction === undefined) {
    const message = 'is missing: a tweak requires an instruction, because nothing has flagged the result';
    return refuse(invalidRequest([{ path: 'instruction', message }]));
  }
  const next = newRun(state, 'Tweaked', now);
  const refusal = refusalOfRun(next, now);
  if (refusal !== undefined) return refuse(refusal);
  const tweaked = withInstruction(request, instruction);
  const input = tweakedInput(request.input, detail, tweaked);
  if (typeof input === 'string') {
    return refuse(invalidRequest([{ path: 'task', message: `cannot be tweaked: ${input}` }]));
  }
  const message = `Run ${next.run}: a tweak requested by ${reviewer}`;
  return write({ state: next, detail: { message, request: { ...request, input, tweaked } } });
}

/** What the flags ask to change; undefined if nothing has flagged the result. */
function instructionOf(flags: readonly Flag[] = []): string | undefined {
  if (flags.length === 0) return undefined;
  return `Fix each of these problems: ${flags.map(({ reason }) => reason.replace(/\.$/, '')).join('; ')}`;
}

/** Older instructions are left out of the prompt, which would grow with each tweak: the earlier result follows them already. */
const keptInstructions = 10;

function withInstruction({ input, tweaked }: TaskRequest, instruction: string): Tweaked {
  const { prompt, instructions } = tweaked ?? { prompt: input.prompt, instructions: [] };
  return { prompt, instructions: [...instructions, instruction].slice(-keptInstructions) };
}

/** The caption of the reference that a tweak adds. The next tweak replaces the reference with this caption. */
const earlierResult = 'the earlier result';

/** The same input with the instructions, and with the earlier image as the last reference; or why that is not possible. */
function tweakedInput(input: TaskInput, detail: TaskDetail, tweaked: Tweaked): TaskInput | string {
  const image = detail.artifacts?.find(({ name, mediaType }) => name === 'image' && mediaType.startsWith('image/'));
  if (image === undefined) {
    const { output } = detail;
    if (output === undefined) return 'its result is too long to be repeated in a prompt';
    return { ...input, prompt: textPrompt(typeof output === 'string' ? output : JSON.stringify(output), tweaked) };
  }
  const kept = (input.references ?? []).filter(({ caption }) => caption !== earlierResult);
  if (kept.length >= maxReferences) return 'its references leave no room for the earlier image';
  const problem = sizeProblem(detail.used, image.bytes, kept);
  if (problem !== undefined) return problem;
  const { digest: artifact, mediaType, bytes } = image;
  const earlier = { artifact, mediaType, bytes, caption: earlierResult };
  const prompt = `${tweaked.prompt}\n\nThe last image is ${earlierResult}. ${changes(tweaked)}`;
  return { ...input, prompt, references: [...kept, earlier] };
}

/** The model that made the image makes the next one. The sizes of results of other tasks, and of references in jobs of earlier versions, are unknown. */
function sizeProblem(used: Used | undefined, bytes: number, kept: readonly Reference[]): string | undefined {
  if (used === undefined) return undefined;
  const { references, referenceBytes, totalReferenceBytes } = limitsOf(used.provider, used.model);
  if (kept.length >= references)
    return `${used.model} accepts ${references === 0 ? 'no' : `at most ${references}`} references`;
  const total = kept.reduce((sum, reference) => sum + ('bytes' in reference ? (reference.bytes ?? 0) : 0), bytes);
  const limit = (most: number): string => `more than the ${most / 1_000_000} MB that ${used.model} accepts`;
  if (bytes > referenceBytes) return `the earlier image has ${bytes} bytes, ${limit(referenceBytes)} as a reference`;
  if (total <= totalReferenceBytes) return undefined;
  return `its references and the earlier image have ${total} bytes together, ${limit(totalReferenceBytes)} in one request`;
}

const textPrompt = (earlier: string, tweaked: Tweaked): string =>
  `${tweaked.prompt}\n\nThis is ${earlierResult}:\n${earlier}\n\n${changes(tweaked)}`;

/** The newest instruction; the earlier ones are done and have to stay so. */
function changes({ instructions }: Tweaked): string {
  const earlier = instructions.slice(0, -1);
  const change = `Change it: ${instructions.at(-1)!}`;
  return earlier.length === 0 ? change : `${change}\n\nKeep its earlier changes: ${earlier.join('; ')}`;
}
