// Checks each message of the stream, independently of the code under test, for every promise that one message can break.

import type { Block } from '../../../src/job/block.ts';
import { keyFailures, providerFailures } from '../../../src/job/errors/failureKinds.ts';
import { servingPool, targetOf } from '../../../src/job/target.ts';
import { isOpen, type Sequence, type TaskState } from '../../../src/job/task.ts';
import type { DetailedEntry } from '../../../src/ports/jobLog.ts';
import type { History } from '../history.ts';
import type { Nemesis } from '../nemesis.ts';
import { groupLimit, type Plan } from '../plan.ts';
import type { Server } from '../server.ts';
import { isOutageCode, type CallChecks } from './calls.ts';
import { promptName } from '../outputs.ts';
import { brokenByCall, brokenByMessage } from './chains.ts';
import type { Call } from '../provider.ts';
import { violatedBy } from './transition.ts';

const ofProvider: ReadonlySet<string> = new Set([
  ...providerFailures,
  ...keyFailures,
  'PromptRefused',
  'OutputRefused',
  'OutputInvalid',
  'NoOutput',
  'ModelNotFound',
  'RequestRefused',
  'ProviderResponseInvalid',
]);

export interface Violation {
  readonly invariant: string;
  readonly message: string;
  /** `job/task` or a job. */
  readonly about: string | undefined;
  /** ms of the run. */
  readonly at: number;
}

export interface Seen extends DetailedEntry {
  /** The task's previous message; 0 for the first one. */
  readonly previous: Sequence;
  /** ms of the run. */
  readonly seenAt: number;
}

interface BlockSince {
  /** ms of the run. */
  readonly since: number;
  readonly block: Block;
}

export class MessageChecks {
  violation: Violation | undefined;
  /** The last message of every task, by `job/task`. */
  readonly tasks = new Map<string, Seen>();
  /** For comparing runs. */
  digest = 0;
  messages = 0;
  readonly #previous = new Map<Sequence, Sequence>();
  readonly #keys = new Map<string, string>();
  readonly #server: Server;
  readonly #history: History;
  readonly #nemesis: () => Nemesis;
  readonly #callChecks: () => CallChecks;
  /** By the name of a prompt: the newest job that has it. */
  readonly #jobs = new Map<string, string>();
  /** The name of every task's prompt. */
  readonly #prompts = new Map<string, string>();
  /** Since when each target admits no call: see `note`. */
  readonly #blocks = new Map<string, BlockSince>();
  readonly #soundNetwork: boolean;
  /** ms by which processes may disagree about the time. */
  readonly #slack: number;

  constructor(server: Server, history: History, plan: Plan, nemesis: () => Nemesis, callChecks: () => CallChecks) {
    this.#callChecks = callChecks;
    this.#server = server;
    this.#history = history;
    this.#nemesis = nemesis;
    this.#soundNetwork = plan.network.latency < 100 && plan.network.slow === 0 && plan.network.lostMessage === 0;
    this.#slack = plan.faults.has('clockError') ? 10_000 : 100;
    server.stream.onChange(() => this.#look());
  }

  violate(invariant: string, message: string, about?: string): void {
    this.violation ??= { invariant, message, about, at: this.#server.process.schedule.now };
  }

  /** Called for each write that the server accepted, with the sequence that the writer expected. */
  readonly onWritten = (sequence: Sequence, expected: Sequence, writer: string): void => {
    const previous = this.#previous.get(sequence);
    // The checks at the end find what was never stored.
    if (previous === undefined) return;
    const message = [...this.tasks.values()].find((seen) => seen.sequence === sequence);
    const about = message === undefined ? undefined : keyOf(message.state);
    if (previous !== expected) {
      this.violate('UnbrokenChain', `${writer} wrote ${sequence} against ${expected}, but ${previous} was last`, about);
    }
    if (message?.state.state === 'running' && message.state.worker !== writer) {
      this.violate('ClaimsAreOwn', `${writer} wrote a claim of ${message.state.worker}`, about);
    }
  };

  #look(): void {
    for (let next = this.#server.stream.after(this.messages); next; next = this.#server.stream.after(this.messages)) {
      this.messages = next.sequence;
      this.#take(next);
    }
  }

  #take(entry: DetailedEntry): void {
    const { state, detail, sequence } = entry;
    const about = keyOf(state);
    const before = this.tasks.get(about);
    this.#history.note('stream', () => `${sequence}: ${describe(entry)}`, about);
    this.digest = (Math.imul(this.digest, 31) + state.since + sequence * 7 + state.state.length * 13) | 0;
    // After a job was deleted its key may be used again: another job with the same id.
    const first = before === undefined || (before.state.state === 'deleted' && state.reason === 'Submitted');
    const broken = violatedBy(first ? undefined : before.state, state, detail, this.#slack);
    if (broken !== undefined) this.violate(...broken, about);
    const previous = first ? 0 : before.sequence;
    this.#previous.set(sequence, previous);
    this.tasks.set(about, { ...entry, previous, seenAt: this.#server.process.schedule.now });
    const early = brokenByMessage(state, this.tasks);
    if (early !== undefined) this.violate(...early, about);
    this.#checkLimit(entry, about);
    this.#checkArtifacts(entry, about);
    this.#checkLoss(first ? undefined : before, state, about);
    this.#checkKey(entry, about);
    this.#checkResult(first ? undefined : before, entry, about);
    this.#checkOutage(first ? undefined : before, entry, about);
  }

  /** To be called when the provider receives a call. */
  checkCall(call: Call): void {
    const job = this.#jobs.get(call.task);
    const broken = job === undefined ? undefined : brokenByCall(call, job, this.tasks);
    if (broken !== undefined) this.violate(...broken, `${job}: ${call.task}`);
  }

  /** Across all workers, also while some are killed, frozen or cut off. */
  #checkLimit({ state }: DetailedEntry, about: string): void {
    const { tenant, group, pool } = state.of;
    if (state.state !== 'running' || group === undefined) return;
    const running = [...this.tasks.values()].filter(
      ({ state: seen }) =>
        seen.state === 'running' && seen.of.group === group && seen.of.tenant === tenant && servingPool(seen) === pool,
    );
    if (servingPool(state) === pool && running.length > groupLimit)
      this.violate(
        'LimitsHold',
        `${running.length} tasks of group ${group} run, and its limit is ${groupLimit}`,
        about,
      );
  }

  /** To be called every second with the block of each target. */
  noteBlock(target: string, block: Block | undefined): void {
    const { now } = this.#server.process.schedule;
    if (block === undefined || block.code === 'QueueTimeout') return void this.#blocks.delete(target);
    this.#blocks.set(target, { since: this.#blocks.get(target)?.since ?? now, block });
  }

  /** Artifact first, status second. */
  #checkArtifacts({ state, detail }: DetailedEntry, about: string): void {
    if (state.state !== 'succeeded' && state.state !== 'needs_review') return;
    if (state.of.kind === 'text' && detail.output === undefined && (detail.artifacts ?? []).length === 0) {
      this.violate('ResultsExist', `${state.state} without a result`, about);
    }
    for (const { name, digest, bytes } of detail.artifacts ?? []) {
      void this.#server.artifacts.find(state.of.tenant, digest).then((found) => {
        if (found?.bytes !== bytes) this.violate('ResultsExist', `${name} is not stored as ${bytes} bytes`, about);
      });
    }
  }

  /** On a sound network no healthy worker is considered lost. */
  #checkLoss(before: Seen | undefined, state: TaskState, about: string): void {
    const lost = state.reason === 'WorkerLost' || state.reason === 'PoisonPill';
    if (!lost || before?.state.state !== 'running' || !this.#soundNetwork) return;
    const { worker } = before.state;
    if (this.#nemesis().wasWell(worker, this.#server.process.schedule.now)) {
      this.violate('HealthyWorkersAreKept', `${worker} was healthy all the time`, about);
    }
  }

  /** A result that the provider has made is not given up because of what the provider says later, as about its check. */
  #checkResult(before: Seen | undefined, { detail }: DetailedEntry, about: string): void {
    if (before?.state.state !== 'running' || detail.error === undefined) return;
    const { code } = detail.error;
    if (!ofProvider.has(code)) return;
    if (this.#callChecks().wasAnswered(before.state.worker, this.#prompts.get(about) ?? '', before.seenAt))
      this.violate('ResultsAreKept', `a result was given up for ${code}`, about);
  }

  /** The attempts of a known outage are free, and a task that runs out of time during one names the provider's error. */
  #checkOutage(before: Seen | undefined, { state, detail }: DetailedEntry, about: string): void {
    if (detail.request !== undefined) {
      const name = promptName(detail.request.input.prompt);
      this.#prompts.set(about, name);
      this.#jobs.set(name, state.of.job);
    }
    if (before === undefined) return;
    const { worker } = before.state as { worker?: string };
    if (state.state === 'waiting' && isOutageCode(state.reason) && worker !== undefined) {
      if (this.#callChecks().isFree(worker, this.#prompts.get(about) ?? ''))
        this.violate('OutagesAreFree', `attempt ${state.attempt} counts although the outage was known`, about);
    }
    if (before.state.state !== 'queued' || state.state !== 'failed' || state.reason !== 'QueueTimeout') return;
    const { pool, model } = targetOf(before.state);
    const blocked = this.#blocks.get(`${pool}/${model}`);
    const { now } = this.#server.process.schedule;
    const block = this.#server.keys.block(pool, model, state.of.tenant);
    if (block === undefined || block.code === 'QueueTimeout') return;
    if (blocked === undefined || now - blocked.since < 10_000 || now < this.#nemesis().disturbedUntil + 10_000) return;
    if (this.#soundNetwork)
      this.violate(
        'BlocksAreNamed',
        `a bare QueueTimeout while ${blocked.block.code} blocks ${model} of ${pool}`,
        about,
      );
  }

  #checkKey({ state, detail }: DetailedEntry, about: string): void {
    const key = detail.request?.concurrencyKey;
    if (key === undefined || key === null || (state.reason !== 'Submitted' && state.reason !== 'Retried')) return;
    const holder = this.#keys.get(key);
    this.#keys.set(key, state.of.job);
    if (holder === undefined || holder === state.of.job) return;
    const open = [...this.tasks.values()].some((seen) => seen.state.of.job === holder && isOpen(seen.state));
    if (open) this.violate('OneOpenJobPerKey', `${holder} is open as well`, about);
  }
}

const keyOf = ({ of }: TaskState): string => `${of.job}/${of.task}`;

function describe({ state, detail }: DetailedEntry): string {
  const worker = 'worker' in state && state.worker !== null ? ` by ${state.worker}` : '';
  const counts = `run ${state.run}, attempt ${state.attempt}, lost ${state.attemptsLost}`;
  return `${state.state} (${state.reason}, ${counts})${worker}: ${detail.message}`;
}
