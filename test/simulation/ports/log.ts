// The job log of one process: every call goes over its connection, and the server may execute it although its answer is lost.

import type { Sequence, SpecWrite, TaskWrite } from '../../../src/job/task.ts';
import type { DetailedEntry, JobLog, JobRecord, SubmitOutcome, WriteOutcome } from '../../../src/ports/jobLog.ts';
import type { Link } from '../link.ts';
import { followOver } from './follow.ts';

/** Called for every write that the server accepted, with the sequence that the writer expected. */
export type OnWritten = (sequence: Sequence, expected: Sequence, writer: string) => void;

export function logOver(link: Link, onWritten: OnWritten): JobLog {
  const { log } = link.server;
  return {
    submit: (specs) => link.request('a submit', submitOnce(link, specs, onWritten)),
    write: (next, expected) => link.request('a write', writeOnce(link, next, expected, onWritten)),
    last: (address) => link.request('a read', () => log.last(address)),
    request: (address) => link.request('a read', () => log.request(address)),
    read: (job, pool) =>
      link.request('a read', async () => {
        const record = await log.read(job, pool);
        const { random } = link.process;
        if (record === undefined || !random.chance(link.network.staleRead)) return record;
        return stale(record, await log.history(job, pool), link.server.clock.now() - random.next() * mostBehind);
      }),
    history: (job, pool) => link.request('a history', () => log.history(job, pool)),
    follow: (from, signal) => followOver(link, from, signal),
    watermark: () => link.request('the watermark', () => log.watermark()),
    saveWatermark: (mark) => link.request('the watermark', () => log.saveWatermark(mark)),
    health: () => link.request('the health', () => log.health()),
    purge: (job, pool) => link.request('a purge', () => log.purge(job, pool)),
  };
}

/** The same message may arrive several times: after the first time it finds itself, or its successor. */
function writeOnce(link: Link, next: TaskWrite, expected: Sequence, onWritten: OnWritten): () => Promise<WriteOutcome> {
  const { log } = link.server;
  let stored: WriteOutcome & { outcome: 'written' };
  let isStored = false;
  return async () => {
    if (isStored) {
      const last = await log.last(next.state.of);
      if (last?.sequence === stored.entry.sequence) return stored;
      return { outcome: 'refused', last, overtaken: stored.entry };
    }
    const outcome = await log.write(next, expected);
    if (outcome.outcome !== 'written') return outcome;
    onWritten(outcome.entry.sequence, expected, link.process.name);
    isStored = true;
    stored = outcome;
    return outcome;
  };
}

function submitOnce(link: Link, specs: readonly SpecWrite[], onWritten: OnWritten): () => Promise<SubmitOutcome> {
  let stored: SubmitOutcome | undefined;
  return async () => {
    if (stored !== undefined) return stored;
    const outcome = await link.server.log.submit(specs);
    if (outcome.outcome !== 'stored') return outcome;
    for (const { sequence } of outcome.entries) onWritten(sequence, 0, link.process.name);
    stored = outcome;
    return outcome;
  };
}

/** The largest lag of a replica, ms. */
const mostBehind = 3_000;

/** The record of a replica that has seen nothing since `until`, except that the job exists. */
function stale(record: JobRecord, history: readonly DetailedEntry[], until: number): JobRecord {
  const tasks = record.tasks.map((task, index) => {
    const messages = history.filter(({ state }) => state.of.task === index);
    const at = Math.max(
      0,
      messages.findLastIndex((message) => message.at <= until),
    );
    const last = messages[at];
    if (last === undefined) return task;
    const spec = messages.slice(0, at + 1).findLast(({ detail }) => detail.request !== undefined);
    return { last, request: spec?.detail.request ?? task.request };
  });
  return { job: record.job, tasks };
}
