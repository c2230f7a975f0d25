// A job log in a few lines for tests of what stands on the port: conditional writes, one stream, and switches for faults.

import { GenwardenError } from '../../../src/job/errors.ts';
import type { JobId } from '../../../src/job/ids.ts';
import type { SpecWrite, TaskWrite } from '../../../src/job/task.ts';
import type {
  DetailedEntry,
  FollowEvent,
  JobLog,
  JobRecord,
  LogEntry,
  SubmitOutcome,
  TaskAddress,
  WriteOutcome,
} from '../../../src/ports/jobLog.ts';
import { isOpen } from '../../../src/job/task.ts';

export interface FakeJobLog extends JobLog {
  /** Throws `Unavailable` from every call while true. */
  away: boolean;
  /** Called before each write: somebody else may write first. */
  beforeWrite: ((next: TaskWrite) => Promise<void>) | undefined;
  /** Writes as another process would, on the task’s last message. */
  append(next: TaskWrite): Promise<DetailedEntry>;
  readonly entries: readonly DetailedEntry[];
  /** How often each call was made. */
  readonly calls: Map<string, number>;
}

export function fakeJobLog(now: () => number): FakeJobLog {
  let entries: DetailedEntry[] = [];
  let sequence = 0;
  const listeners = new Set<(entry: LogEntry) => void>();
  const calls = new Map<string, number>();

  const answering = (call: string): void => {
    calls.set(call, (calls.get(call) ?? 0) + 1);
    if (log.away) throw new GenwardenError('Unavailable', 'NATS did not answer');
  };
  const ofJob = (job: JobId): DetailedEntry[] => entries.filter(({ state }) => state.of.job === job);
  const lastOf = ({ job, task }: Pick<TaskAddress, 'job' | 'task'>): DetailedEntry | undefined =>
    ofJob(job).findLast(({ state }) => state.of.task === task);
  const store = ({ state, detail }: TaskWrite): DetailedEntry => {
    sequence += 1;
    const entry = { sequence, at: now(), writeId: `w${sequence}`, state, detail };
    entries.push(entry);
    for (const listener of listeners) listener(entry);
    return entry;
  };
  const holderOf = ({ state, detail }: SpecWrite): JobId | undefined =>
    entries.find(
      ({ state: other, detail: { request } }) =>
        detail.request.concurrencyKey !== null &&
        request?.concurrencyKey === detail.request.concurrencyKey &&
        other.of.tenant === state.of.tenant &&
        ofJob(other.of.job).some(({ state: { of } }) => isOpen(lastOf(of)!.state)),
    )?.state.of.job;

  const log: FakeJobLog = {
    away: false,
    beforeWrite: undefined,
    calls,
    get entries() {
      return entries;
    },
    async append(next) {
      return store(next);
    },
    async submit(specs): Promise<SubmitOutcome> {
      answering('submit');
      const first = ofJob(specs[0]!.state.of.job).find(({ detail }) => detail.request !== undefined);
      if (first !== undefined) return { outcome: 'exists', digest: first.detail.request!.digest };
      const holder = holderOf(specs[0]!);
      if (holder !== undefined) return { outcome: 'conflict', holder };
      return { outcome: 'stored', entries: specs.map(store) };
    },
    async write(next, expected): Promise<WriteOutcome> {
      await log.beforeWrite?.(next);
      answering('write');
      const last = lastOf(next.state.of);
      if ((last?.sequence ?? 0) !== expected) return { outcome: 'refused', last };
      return { outcome: 'written', entry: store(next) };
    },
    async last(address) {
      answering('last');
      return lastOf(address);
    },
    async request({ job, task }) {
      answering('request');
      return ofJob(job).findLast(({ state, detail }) => state.of.task === task && detail.request)?.detail.request;
    },
    async read(job): Promise<JobRecord | undefined> {
      answering('read');
      const all = ofJob(job);
      const indexes = [...new Set(all.map(({ state }) => state.of.task))].toSorted((a, b) => a - b);
      if (indexes.length === 0) return undefined;
      const tasks = indexes.map((task) => ({
        last: lastOf({ job, task })!,
        request: all.findLast(({ state, detail }) => state.of.task === task && detail.request)!.detail.request!,
      }));
      return { job, tasks };
    },
    async history(job) {
      answering('history');
      return ofJob(job).toSorted((a, b) => a.state.of.task - b.state.of.task || a.sequence - b.sequence);
    },
    async *follow(_from, signal): AsyncGenerator<FollowEvent> {
      const queue: LogEntry[] = [...entries];
      let wake = (): void => {};
      const listener = (entry: LogEntry): void => {
        queue.push(entry);
        wake();
      };
      listeners.add(listener);
      signal.addEventListener('abort', () => wake());
      yield { event: 'reset', epoch: 'e1' };
      while (!signal.aborted) {
        for (const entry of queue.splice(0)) yield { event: 'entry', entry };
        yield { event: 'caughtUp', position: { epoch: 'e1', sequence } };
        if (queue.length === 0 && !signal.aborted) await new Promise<void>((resolve) => (wake = resolve));
      }
      listeners.delete(listener);
    },
    async watermark() {
      return undefined;
    },
    async keepWatermark() {},
    async health() {
      answering('health');
      return { position: { epoch: 'e1', sequence }, bytes: 0, maxBytes: -1, messages: entries.length };
    },
    async purge(job) {
      answering('purge');
      entries = entries.filter(({ state }) => state.of.job !== job);
    },
  };
  return log;
}
