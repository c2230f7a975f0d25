// One task: its picture or text as it arrives, how far it is, why it waits, and what went wrong.

import type { Signal } from '@preact/signals';
import type { Task } from '../../../../client/index.ts';
import { can } from '../../../api/session.ts';
import { pathTo } from '../../../base.ts';
import { Meter } from '../../../components/ProgressBar.tsx';
import { StateBadge } from '../../../components/StateBadge.tsx';
import { Thumbnail } from '../../../components/Thumbnail.tsx';
import { Age, Countdown } from '../../../components/Time.tsx';
import { useQueryParameter } from '../../../components/useQuery.ts';
import { amount, count, duration, percent } from '../../../format.ts';
import { ErrorFacts } from '../ErrorFacts.tsx';
import type { JobFollower } from '../live/jobFollower.ts';
import { taskName } from '../timeline/words.ts';
import { Output } from './Output.tsx';
import { imagesOf, kindOf, thumbnailOf } from './pictures.ts';

interface TaskCardProps {
  follower: JobFollower;
  task: Signal<Task>;
  isChosen: boolean;
  choose: (task: number, isChosen: boolean) => void;
}

export function TaskCard({ follower, task: { value: task }, isChosen, choose }: TaskCardProps) {
  const job = follower.job.value!;
  const kind = kindOf(task, job);
  const canRetry =
    can('jobs:write') && job.finishedAt !== null && (task.state === 'failed' || task.state === 'cancelled');
  const name = taskName(task);
  return (
    <li class={`card task-card ${kind}`} aria-label={name}>
      <div class="row spread">
        <strong class="cut" dir="auto" title={name}>
          {name}
        </strong>
        <StateBadge state={task.state} />
      </div>
      {kind === 'image' ? <Picture task={task} name={name} /> : <Output follower={follower} task={task} />}
      <Situation task={task} />
      {task.error === null ? null : <ErrorFacts error={task.error} />}
      <Flags task={task} />
      <Facts task={task} ownModel={job.model} />
      {task.state === 'needs_review' ? (
        <a class="button" href={pathTo(`/review?job=${job.id}&task=${task.index}`)}>
          Review
        </a>
      ) : null}
      {canRetry ? (
        <label class="row">
          <input
            type="checkbox"
            checked={isChosen}
            onChange={(event) => choose(task.index, event.currentTarget.checked)}
          />
          Retry {name}
        </label>
      ) : null}
    </li>
  );
}

function Picture({ task, name }: { task: Task; name: string }) {
  const [, open] = useQueryParameter('picture');
  const href = thumbnailOf(task);
  if (href === undefined) {
    const says = task.state === 'succeeded' ? 'no picture' : task.dueAt === null ? 'no result' : 'no picture yet';
    return <div class="task-picture empty muted">{says}</div>;
  }
  const more = imagesOf(task).length - 1;
  return (
    <button
      type="button"
      class="plain task-picture"
      aria-label={`Open the picture of ${name}`}
      onClick={() => open(String(task.index))}
    >
      <Thumbnail href={href} alt="" size="large" />
      {more > 0 ? <span class="task-more">+{more}</span> : null}
    </button>
  );
}

/** What happens to an open task now, and until when. */
function Situation({ task }: { task: Task }) {
  const { state, progress, phase, waitingFor, retryAt, dueAt, startedAt } = task;
  if (state === 'running') {
    return (
      <div class="task-now">
        <Meter value={progress} label={`Progress of ${taskName(task)}`} />
        <p class="task-phase muted">
          <span class="cut" title={phase ?? undefined}>
            {phase ?? 'running'}
          </span>
          <span>
            {percent(Math.round(progress * 100) / 100)} · <Age since={startedAt} />
          </span>
        </p>
        {waitingFor === null ? null : <p dir="auto">{waitingFor.detail}</p>}
      </div>
    );
  }
  if (dueAt === null) return null;
  if (state === 'needs_review') {
    return (
      <p class="muted">
        Fails <Countdown until={dueAt} /> unless it is reviewed
      </p>
    );
  }
  const until = retryAt ?? waitingFor?.until ?? null;
  return (
    <p class="muted" dir="auto">
      {waitingFor === null ? task.message : waitingFor.detail} {until === null ? null : <Countdown until={until} />}
    </p>
  );
}

function Flags({ task: { flags = [] } }: { task: Task }) {
  if (flags.length === 0) return null;
  return (
    <ul class="task-flags" aria-label="Flags">
      {flags.map(({ source, reason }) => (
        <li key={source + reason} dir="auto">
          ⚑ {source}: {reason}
        </li>
      ))}
    </ul>
  );
}

function Facts({ task, ownModel }: { task: Task; ownModel: string }) {
  const { run, attempt, usage, used, worker, state } = task;
  const parts = [
    run > 1 ? `run ${run}` : undefined,
    attempt > 1 ? `attempt ${attempt}` : undefined,
    usage?.durationMs === null || usage === null ? undefined : `call ${duration(usage.durationMs)}`,
    usage === null ? undefined : `${count(usage.inputTokens + usage.outputTokens)} tokens`,
    usage?.cost === undefined ? undefined : `cost ${amount(usage.cost)}`,
    used === null || used.model === ownModel ? undefined : used.model,
    state === 'running' && worker !== null ? worker : undefined,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? null : <p class="muted task-facts">{parts.join(' · ')}</p>;
}
