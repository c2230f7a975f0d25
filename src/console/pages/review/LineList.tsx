// The line: the jobs with results that wait, oldest first, and the tasks of the one that is shown.

import type { Task } from '../../../client/index.ts';
import { pathTo } from '../../base.ts';
import { Age } from '../../components/Time.tsx';
import { counted } from '../../format.ts';
import { taskName } from './decision.ts';
import { oldestFirst, type Line, type WaitingJob } from './line.ts';

interface LineListProps {
  line: Line;
  current: { job: string; task: number } | undefined;
  /** Of the current job, in review. */
  tasks: readonly Task[];
}

/** More are in the line, and come up by themselves. */
const mostShown = 50;

export function LineList({ line, current, tasks }: LineListProps) {
  const jobs = oldestFirst(line);
  return (
    <nav class="review-line" aria-label="Results that wait">
      <ol>
        {jobs.slice(0, mostShown).map((job) => (
          <li key={job.id}>
            <JobLink job={job} isCurrent={job.id === current?.job} />
            {job.id === current?.job && tasks.length > 1 ? (
              <TaskLinks job={job.id} tasks={tasks} at={current.task} />
            ) : null}
          </li>
        ))}
      </ol>
      {jobs.length > mostShown ? <p class="muted">and {counted(jobs.length - mostShown, 'more job')}</p> : null}
    </nav>
  );
}

function JobLink({ job, isCurrent }: { job: WaitingJob; isCurrent: boolean }) {
  const { id, prompt, submittedAt, waiting } = job;
  return (
    <a class="review-line-job" href={pathTo(`/review?job=${id}`)} aria-current={isCurrent ? 'true' : undefined}>
      <span class="review-line-prompt" dir="auto">
        {prompt ?? id}
      </span>
      <span class="muted review-line-facts">
        {counted(waiting, 'result')} · <Age since={submittedAt} />
      </span>
    </a>
  );
}

function TaskLinks({ job, tasks, at }: { job: string; tasks: readonly Task[]; at: number }) {
  return (
    <ol class="review-line-tasks">
      {tasks.slice(0, mostShown).map((task) => (
        <li key={task.index}>
          <a
            href={pathTo(`/review?job=${job}&task=${task.index}`)}
            aria-current={task.index === at ? 'true' : undefined}
            dir="auto"
          >
            {taskName(task)}
          </a>
        </li>
      ))}
    </ol>
  );
}
