// What one worker runs: each task with its phase, progress, and how long the provider has had the call.

import { useState } from 'preact/hooks';
import type { Worker } from '../../../client/index.ts';
import { pathTo } from '../../base.ts';
import { Meter } from '../../components/ProgressBar.tsx';
import { countedDuration, duration } from '../../format.ts';
import { now } from '../../live/now.ts';
import { callTime, type CallTime } from './callTime.ts';
import { isLive } from './workerState.ts';

type WorkerTask = Worker['tasks'][number];

/** More tasks than these are shown on demand. */
const firstShown = 8;

export function WorkerTasks({ worker }: { worker: Worker }) {
  const [all, setAll] = useState(false);
  const { tasks, lastBeat } = worker;
  if (tasks.length === 0) return <p class="muted">{idleText(worker)}</p>;
  const shown = all ? tasks : tasks.slice(0, firstShown);
  // A worker that is gone sends no more heartbeats: its calls are as old as the last one.
  const age = isLive(worker) ? now.value - Date.parse(lastBeat) : 0;
  return (
    <>
      {isLive(worker) ? null : <p class="muted">At its last heartbeat it ran:</p>}
      <ul class="workers-tasks" aria-label={`Tasks of ${worker.name}`}>
        {shown.map((task) => (
          <TaskLine key={`${task.job}/${task.task}`} task={task} age={age} />
        ))}
      </ul>
      {tasks.length <= firstShown ? null : (
        <button type="button" class="plain" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? 'Show fewer' : `Show ${tasks.length - firstShown} more`}
        </button>
      )}
    </>
  );
}

function idleText(worker: Worker): string {
  const { state } = worker;
  if (state === 'lost') return 'Its heartbeats stopped; the controller starts its tasks again on other workers.';
  if (state === 'stopped') return 'It has stopped, and returned its tasks.';
  return worker.slots.busy === 0 ? 'idle' : 'runs tasks of other tenants';
}

function TaskLine({ task, age }: { task: WorkerTask; age: number }) {
  const call = callTime(task, age);
  return (
    <li class="workers-task">
      <a href={pathTo(`/jobs/${task.job}`)} class="mono">
        {task.job.slice(0, 8)}/{task.task}
        <span class="heard"> of job {task.job}</span>
      </a>
      <span>{task.phase ?? 'running'}</span>
      {call === undefined ? <span /> : <Call call={call} usual={task.usual} />}
      <span class="workers-progress">
        <Meter value={task.progress} label={`Progress of ${task.job.slice(0, 8)}/${task.task}`} />
        <span class="muted">{Math.floor(100 * task.progress)} %</span>
      </span>
    </li>
  );
}

function Call({ call, usual }: { call: CallTime; usual: WorkerTask['usual'] }) {
  return (
    <span class={`workers-call ${call.isSlow ? 'slow' : ''}`}>
      <span class="workers-call-bar" aria-hidden="true">
        {call.bar === undefined ? null : (
          <>
            <span class="usual" style={{ left: share(call.bar.p50), width: share(call.bar.p95 - call.bar.p50) }} />
            <span class="waited" style={{ width: share(call.bar.waited) }} />
          </>
        )}
      </span>
      <span>
        {call.isSlow ? (
          <strong>▲ {countedDuration(call.waited)}, beyond p95</strong>
        ) : (
          `for ${countedDuration(call.waited)}`
        )}
        <span class="muted">
          {usual === null ? '; no usual time yet' : `; usually ${duration(usual.p50)} to ${duration(usual.p95)}`}
        </span>
      </span>
    </span>
  );
}

const share = (part: number): string => `${(100 * part).toFixed(1)}%`;
