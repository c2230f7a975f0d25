// The result that is being reviewed: its job, its input, and what becomes of it while it is shown.

import { useEffect, useState } from 'preact/hooks';
import type { Job, Task, ModelInput } from '../../../client/index.ts';
import { api } from '../../api/client.ts';
import { onEvents, type StreamEvent } from '../../live/events.ts';
import { inReview } from './line.ts';

export interface CurrentJob {
  /** Undefined until it has been read. */
  readonly job: Job | undefined;
  readonly error: unknown;
  /** The answer to a review. */
  readonly take: (job: Job) => void;
  readonly reload: () => void;
}

/** Its tasks are those in review. Read again when something of it changes. */
export function useJobInReview(id: string | undefined): CurrentJob {
  const [read, setRead] = useState<{ id: string; job?: Job; error?: unknown } | undefined>(undefined);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    if (id === undefined) return undefined;
    const stop = new AbortController();
    api.get(id, { taskState: ['needs_review'], signal: stop.signal }).then(
      (job) => setRead({ id, job }),
      (error: unknown) => {
        if (!stop.signal.aborted) setRead({ id, error });
      },
    );
    return () => stop.abort();
  }, [id, turn]);
  useEffect(
    () =>
      onEvents((events) => {
        if (events.some((event) => isAbout(event, id))) setTurn((before) => before + 1);
      }),
    [id],
  );
  const mine = read?.id === id ? read : undefined;
  return {
    job: mine?.job,
    error: mine?.error,
    take: (job) => setRead({ id: job.id, job: { ...job, tasks: inReview(job) } }),
    reload: () => setTurn((before) => before + 1),
  };
}

function isAbout(event: StreamEvent, id: string | undefined): boolean {
  if (event.event === 'task') return event.data.job === id;
  return event.event === 'reset';
}

/** What the model got for the task in this run; undefined while it is read, null if the API does not tell. */
export function useInput(job: string, { index, run }: Pick<Task, 'index' | 'run'>): ModelInput | null | undefined {
  const wanted = `${job}/${index}/${run}`;
  const [read, setRead] = useState<{ of: string; input: ModelInput | null } | undefined>(undefined);
  useEffect(() => {
    const stop = new AbortController();
    api.input(job, index, { signal: stop.signal }).then(
      (input) => setRead({ of: wanted, input }),
      () => {
        // The result can be judged without it.
        if (!stop.signal.aborted) setRead({ of: wanted, input: null });
      },
    );
    return () => stop.abort();
  }, [wanted]);
  return read?.of === wanted ? read.input : undefined;
}
