// Lets a model check a result that has been paid for. Whatever happens to the check, the result is kept: a check that cannot be
// made sends it to review.

import { untilAborted } from '../async/abort.ts';
import { sleep } from '../async/sleep.ts';
import type { Block } from '../job/block.ts';
import { blockError } from '../job/blockError.ts';
import { backoffCeiling } from '../job/backoff.ts';
import { limitText } from '../job/duration.ts';
import { isKeyFailure, isProviderFailure } from '../job/errors/failureKinds.ts';
import { AttemptFailed, taskError, type TaskError } from '../job/errors/index.ts';
import { flagsOf, readCheckAnswer, type Flag, type ResultCheck } from '../job/resultCheck.ts';
import { targetOf } from '../job/target.ts';
import type { JsonValue } from '../job/task.ts';
import type { CallRequest, HeldKey } from '../ports/keyRing.ts';
import type { Generated, GenerateRequest, ReferenceBytes } from '../ports/provider.ts';
import type { WorkerContext } from './context.ts';
import { AttemptAborted, type HeldTask } from './heldTasks.ts';
import { callWithKeys, payAborted, type KeyedCall } from './keyedCall.ts';
import type { Claim } from './pipeline.ts';
import { isTransient } from './transientErrors.ts';

/** The outcome of a check. */
export interface Checked {
  /** Undefined if the task's pool has none. */
  readonly model: string | undefined;
  /** One for each checked image, or for the text. */
  readonly answers: readonly JsonValue[];
  readonly flags: readonly Flag[];
  /** Why the check, or the rest of it, could not be made, as one sentence; undefined if it was. */
  readonly failure?: string;
  readonly usage: { readonly inputTokens: number; readonly outputTokens: number };
}

/** What is checked: the name of the image, or undefined for the text. */
interface Subject {
  readonly name: string | undefined;
  readonly text?: string;
  readonly image?: ReferenceBytes;
}

const maxTries = 3;
const backoff = { first: 500, cap: 5_000 };
/** Time to store the metadata and the status afterwards, ms. */
const reserve = 1_000;
/** ms; with less time a call would only be paid for. */
const leastTime = 100;

/** Undefined if results of the task are not checked. Never rejects. */
export async function checkResult(
  claim: Claim,
  made: Pick<Generated, 'images' | 'output'>,
  held: HeldTask,
  context: WorkerContext,
): Promise<Checked | undefined> {
  const checked = await checkInTime(claim, made, held, context);
  if (checked !== undefined) context.telemetry.resultChecked(outcomeOf(checked));
  return checked;
}

function outcomeOf({ failure, flags }: Checked): 'passed' | 'flagged' | 'failed' {
  if (flags.length > 0) return 'flagged';
  return failure === undefined ? 'passed' : 'failed';
}

async function checkInTime(
  claim: Claim,
  made: Pick<Generated, 'images' | 'output'>,
  held: HeldTask,
  context: WorkerContext,
): Promise<Checked | undefined> {
  const { state, request } = claim;
  const { check } = request;
  const { checkTimeout } = state.of.policy;
  if (check === undefined || checkTimeout === undefined) return undefined;
  const limit = Math.min(checkTimeout, state.dueAt - context.options.clock.now() - reserve);
  const checking = new Checking(claim, check, held, context);
  if (limit < leastTime) return checking.failed('No time of the attempt was left for it');
  const message = `It did not end within ${limitText(Math.ceil(limit / 1_000) * 1_000)}`;
  const timer = setTimeout(() => held.check.abort(new AttemptAborted('due', message)), limit);
  try {
    return await checking.run(subjectsOf(state.of.kind, made));
  } finally {
    clearTimeout(timer);
    held.phase = { phase: 'result' };
  }
}

function subjectsOf(kind: 'image' | 'text', { images, output }: Pick<Generated, 'images' | 'output'>): Subject[] {
  if (kind === 'text') return [{ name: undefined, text: typeof output === 'string' ? output : JSON.stringify(output) }];
  return images.map((image, index) => ({ name: index === 0 ? 'image' : `image-${index + 1}`, image }));
}

class Checking {
  readonly #claim: Claim;
  readonly #check: ResultCheck;
  readonly #held: HeldTask;
  readonly #context: WorkerContext;
  readonly #model: string | undefined;
  readonly #answers: JsonValue[] = [];
  readonly #flags: Flag[] = [];
  readonly #usage = { inputTokens: 0, outputTokens: 0 };

  constructor(claim: Claim, check: ResultCheck, held: HeldTask, context: WorkerContext) {
    this.#claim = claim;
    this.#check = check;
    this.#held = held;
    this.#context = context;
    const { pool } = targetOf(claim.state);
    this.#model = Object.hasOwn(check.models, pool) ? check.models[pool] : undefined;
  }

  /** One after the other, so that a check needs one key and the memory of one call. */
  async run(subjects: readonly Subject[]): Promise<Checked> {
    const model = this.#model;
    if (model === undefined) return this.failed('The pool that made the result has no model for it');
    try {
      for (const subject of subjects) await this.#one(model, subject, subjects.length > 1);
    } catch (thrown) {
      return this.failed(this.#why(thrown));
    }
    return this.#outcome();
  }

  failed(failure: string): Checked {
    return { ...this.#outcome(), failure };
  }

  #outcome(): Checked {
    return { model: this.#model, answers: this.#answers, flags: this.#flags, usage: this.#usage };
  }

  async #one(model: string, subject: Subject, isOneOfMany: boolean): Promise<void> {
    const made = await this.#answered(requestFor(this.#check, model, subject));
    this.#usage.inputTokens += made.usage.inputTokens;
    this.#usage.outputTokens += made.usage.outputTokens;
    const answer = readCheckAnswer(made.output);
    if (answer === undefined) {
      throw new AttemptFailed(taskError('OutputInvalid', 'The answer does not say whether the result is flagged'));
    }
    this.#answers.push(made.output);
    this.#flags.push(...flagsOf(answer, isOneOfMany ? subject.name : undefined));
  }

  /** Repeats a call that the provider did not answer. An answer is paid for, so it is not asked for twice. */
  async #answered(request: GenerateRequest): Promise<Generated> {
    const { signal } = this.#held.check;
    const phase = { phase: 'check' } as const;
    const call: KeyedCall = { claim: this.#claim, held: this.#held, request, context: this.#context, signal, phase };
    for (let tries = 1; ; tries += 1) {
      this.#held.phase = phase;
      try {
        const key = await this.#key(request.model);
        return await this.#settled(callWithKeys(call, key), request.model);
      } catch (thrown) {
        signal.throwIfAborted();
        const error = thrown instanceof AttemptFailed ? thrown.error : undefined;
        if (error === undefined || tries === maxTries || !isWorthRepeating(error)) throw thrown;
        await sleep(Math.max(error.retryAfter ?? 0, backoffCeiling(tries, backoff)), signal);
        signal.throwIfAborted();
      }
    }
  }

  /** After an abort it rejects before the call has settled (`held.unsettled`). */
  async #settled(call: Promise<Generated>, model: string): Promise<Generated> {
    const { signal } = this.#held.check;
    try {
      return await untilAborted(call, signal);
    } catch (thrown) {
      if (signal.aborted) {
        payAborted(this.#held, model, signal.reason);
        this.#held.unsettled = call.then(ignore, ignore);
      }
      throw thrown;
    }
  }

  /** Waits for a limit that ends in time, and for no other block. */
  async #key(model: string): Promise<HeldKey> {
    const { keys, pool, clock } = this.#context.options;
    const { signal } = this.#held.check;
    const { tenant, job, task } = this.#claim.state.of;
    for (;;) {
      const answer = await this.#reserved({ model, tenant, task: `${job}/${task}` });
      if (answer === undefined) continue;
      if ('secret' in answer) return answer;
      if (!isShort(answer, clock.now(), this.#claim.state.dueAt)) {
        throw new AttemptFailed(blockError(answer, this.#claim.state, clock.now(), model));
      }
      await keys.untilRoom(pool, [model], signal);
      // Another worker may take the room first.
      await sleep(100, signal);
    }
  }

  /** Undefined while NATS does not answer, after a while. */
  async #reserved(call: CallRequest): Promise<HeldKey | Block | undefined> {
    const { keys, pool } = this.#context.options;
    const { signal } = this.#held.check;
    const reservation = keys.reserve(pool, call);
    try {
      return await untilAborted(reservation, signal);
    } catch (thrown) {
      void reservation.then(giveBack, ignore);
      if (signal.aborted || !isTransient(thrown)) throw thrown;
      await sleep(backoff.first, signal);
      signal.throwIfAborted();
      return undefined;
    }
  }

  #why(thrown: unknown): string {
    if (thrown instanceof AttemptAborted) return abortText(thrown);
    if (thrown instanceof AttemptFailed) return `${thrown.error.code}: ${thrown.error.message}`;
    this.#context.telemetry.failedUnexpectedly(this.#claim.state, thrown);
    return thrown instanceof Error ? thrown.message.slice(0, 300) : 'It failed unexpectedly';
  }
}

function requestFor(check: ResultCheck, model: string, { text, image }: Subject): GenerateRequest {
  const { schema } = check;
  const prompt = text === undefined ? check.prompt : `${check.prompt}\n\nThis is the result:\n${text}`;
  return { kind: 'text', model, input: { prompt, schema }, references: image === undefined ? [] : [image] };
}

/** The provider did not do what it would bill. */
const isWorthRepeating = ({ code, retryable, outage }: TaskError): boolean =>
  outage !== true && retryable && (isProviderFailure(code) || isKeyFailure(code));

/** A rate limit and one bad moment end soon; an outage, a spent quota or budget and refused keys usually outlast the check. */
function isShort({ reason, confirmed, until }: Block, now: number, dueAt: number): boolean {
  const mayEndSoon = reason === 'ProviderOutage' ? !confirmed : reason === 'RateLimit' || reason === 'KeysCooling';
  if (!mayEndSoon) return false;
  return until === null || until < Math.max(now, dueAt);
}

function abortText({ why, message }: AttemptAborted): string {
  switch (why) {
    case 'due':
      return message;
    case 'drained':
      return 'The worker was shut down during it';
    case 'cancelled':
      return `The task was taken from the worker during it (${message})`;
    default:
      return why satisfies never;
  }
}

function giveBack(answer: HeldKey | Block): void {
  if ('secret' in answer) void answer.release({ outcome: 'unused' });
}

const ignore = (): void => undefined;
