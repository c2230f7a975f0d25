// The job log in memory with switches: away, and a moment before each write in which somebody else may write first.

import { GenwardenError } from '../../src/job/errors/index.ts';
import type { TaskWrite } from '../../src/job/task.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { DetailedEntry, JobLog } from '../../src/ports/jobLog.ts';
import { fakeJobLog } from './jobLog.ts';
import type { FakeStream } from './stream.ts';

export interface SwitchedJobLog extends JobLog {
  readonly stream: FakeStream;
  /** Throws `Unavailable` from every call while true. */
  away: boolean;
  beforeWrite: ((next: TaskWrite) => Promise<void>) | undefined;
  /** Writes as another process would, on the task's last message. */
  append(next: TaskWrite): DetailedEntry;
  /** Every call that was made. */
  readonly calls: string[];
}

export function switchedJobLog(clock: Pick<Clock, 'now'>): SwitchedJobLog {
  const memory = fakeJobLog({ clock });
  const calls: string[] = [];
  let writes = 0;
  /** The same call, noted and refused while away. */
  const switched = <Args extends unknown[], T>(name: string, call: (...args: Args) => Promise<T>) => {
    return async (...args: Args): Promise<T> => {
      calls.push(name);
      if (log.away) throw new GenwardenError('Unavailable', 'NATS did not answer');
      return call(...args);
    };
  };
  const log: SwitchedJobLog = {
    ...memory,
    away: false,
    beforeWrite: undefined,
    calls,
    append: (next) => memory.stream.append(next, `other${(writes += 1)}`, clock.now()),
    submit: switched('submit', memory.submit),
    read: switched('read', memory.read),
    last: switched('last', memory.last),
    history: switched('history', memory.history),
    health: switched('health', memory.health),
    purge: switched('purge', memory.purge),
    write: switched('write', async (next, expected) => {
      await log.beforeWrite?.(next);
      return memory.write(next, expected);
    }),
  };
  return log;
}
