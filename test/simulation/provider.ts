// The simulated provider: its present state, or else the seed, the task and the number of its earlier calls, decides what a
// call does.

import {
  AttemptFailed,
  taskError,
  type TaskError,
  type TaskErrorCode,
  type TaskErrorDetails,
} from '../../src/job/errors/index.ts';
import type { JsonValue } from '../../src/job/task.ts';
import type { GenerateContext, GenerateRequest, Generated, Provider } from '../../src/ports/provider.ts';
import { promptName } from './outputs.ts';
import type { Behaviour, Plan } from './plan.ts';
import { ProviderState } from './providerState.ts';
import { running } from './time/process.ts';
import type { Random } from './time/random.ts';
import type { Schedule } from './time/schedule.ts';

/** One call as the provider bills it. */
export interface Call {
  /** The prompt without outputs of other tasks: `job/task`, or that of a check with the result. */
  readonly task: string;
  readonly prompt: string;
  readonly worker: string;
  readonly model: string;
  readonly key: string;
  readonly startedAt: number;
  /** When it answered with a result. */
  answeredAt: number | undefined;
  /** When it ended in any way. */
  endedAt: number | undefined;
  /** The error that it answered with. */
  failure: TaskErrorCode | undefined;
}

/** Sees every call when it arrives and when it ends. */
export interface CallListener {
  arrived(call: Call): void;
  ended(call: Call): void;
}

export class SimulatedProvider {
  readonly calls: Call[] = [];
  readonly state = new ProviderState();
  listener: CallListener | undefined;
  readonly #plan: Plan;
  readonly #random: Random;
  readonly #schedule: Schedule;
  /** From now on no call fails by chance. */
  calm = false;

  constructor(plan: Plan, random: Random, schedule: Schedule) {
    this.#plan = plan;
    this.#random = random;
    this.#schedule = schedule;
  }

  provider(): Provider {
    return { name: 'simulated', generate: (request, context) => this.#generate(request, context) };
  }

  async #generate({ model, input }: GenerateRequest, context: GenerateContext): Promise<Generated> {
    const task = promptName(input.prompt);
    const random = this.#random.fork(`${task}/${this.calls.filter((call) => call.task === task).length}`);
    const call: Call = {
      task,
      prompt: input.prompt,
      worker: running.getStore()!.name,
      model,
      key: context.key,
      startedAt: this.#schedule.now,
      answeredAt: undefined,
      endedAt: undefined,
      failure: undefined,
    };
    this.calls.push(call);
    this.listener?.arrived(call);
    try {
      const text = await this.#answer(call, random, context);
      const output = input.schema === undefined ? text : verdict(random);
      call.answeredAt = this.#schedule.now;
      return { images: [], output, usage: { inputTokens: 1, outputTokens: 1, images: 0 }, provenance: {} };
    } catch (thrown) {
      if (thrown instanceof AttemptFailed) call.failure = thrown.error.code;
      throw thrown;
    } finally {
      call.endedAt = this.#schedule.now;
      this.listener?.ended(call);
    }
  }

  async #answer({ model, key }: Call, random: Random, context: GenerateContext): Promise<string> {
    const failure = this.state.failureOf(model, key, this.#schedule.now, random);
    if (failure === undefined)
      return answer(this.calm ? 'prompt' : random.weighted(this.#plan.behaviours), random, context);
    await lasting(failure === 'hangs' ? Infinity : random.between(50, 1_500), context.signal);
    throw new AttemptFailed(failure as TaskError);
  }
}

/** The answer of a check; now and then one that does not say what was asked. */
const verdict = (random: Random): JsonValue =>
  random.chance(0.05) ? { looks: 'fine' } : { flagged: random.chance(0.4), reasons: ['simulated'] };

/** Larger than a status may carry inline, so that it becomes an artifact. */
const long = 'long text '.repeat(26_500);

async function answer(behaviour: Behaviour, random: Random, { signal, onProgress }: GenerateContext): Promise<string> {
  const quick = random.between(50, 3_000);
  switch (behaviour) {
    case 'prompt':
      await lasting(quick, signal);
      break;
    case 'slow':
      await lasting(random.between(2_000, 15_000), signal);
      onProgress(0.5);
      await lasting(random.between(0, 3_000), signal);
      break;
    case 'hang':
      await lasting(Infinity, signal);
      break;
    case 'ignoreAbort':
      await new Promise<never>(() => undefined);
      break;
    case 'settleLate':
      await lasting(random.between(5_000, 40_000), undefined);
      break;
    case 'thrown':
      await lasting(quick, signal);
      throw new TypeError('an unexpected error');
    default:
      await lasting(quick, signal);
      throw failureOf(behaviour, random);
  }
  return random.chance(0.1) ? `${long}${random.whole(0, 1_000_000)}` : `answer ${random.whole(0, 1_000_000)}`;
}

function failureOf(behaviour: Behaviour, random: Random): AttemptFailed {
  const fail = (code: TaskErrorCode, details: TaskErrorDetails = {}): AttemptFailed =>
    new AttemptFailed(taskError(code, `simulated ${code}`, details));
  switch (behaviour) {
    case 'rateLimited':
      return fail('RateLimited', random.chance(0.5) ? { retryAfter: random.whole(500, 20_000) } : {});
    case 'quota':
      return fail('QuotaExhausted', { retryAfter: random.whole(5_000, 60_000) });
    case 'refusedKey':
      return fail('KeyRefused');
    case 'refusedPrompt':
      return fail(random.pick(['PromptRefused', 'OutputRefused']));
    case 'badRequest':
      return fail(random.pick(['RequestRefused', 'PermissionDenied', 'ModelNotFound']));
    case 'badOutput':
      return fail(random.pick(['ProviderResponseInvalid', 'OutputInvalid', 'NoOutput']));
    default:
      return fail(
        random.pick(['ProviderUnavailable', 'ProviderError', 'ProviderUnreachable']),
        random.chance(0.2) ? { retryAfter: random.whole(100, 10_000) } : {},
      );
  }
}

/** Rejects with the signal's reason, a little later than it aborts. */
function lasting(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason as Error);
    const timer = ms === Infinity ? undefined : setTimeout(resolve, ms);
    signal?.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        setTimeout(() => reject(signal.reason as Error), 5);
      },
      { once: true },
    );
  });
}
