// The results that wait for a reviewer, one after the other: what was made, what it is compared with, and the decision.

import { useLocation } from 'preact-iso';
import { useEffect, useRef } from 'preact/hooks';
import type { Job, Task } from '../../../client/index.ts';
import { can } from '../../api/session.ts';
import { pathTo } from '../../base.ts';
import { notify } from '../../components/Notices.tsx';
import { Problem } from '../../components/Problem.tsx';
import { useKeys } from '../../components/useKeys.ts';
import { useQuery } from '../../components/useQuery.ts';
import { counted } from '../../format.ts';
import { isStale } from '../../frame/LiveState.tsx';
import { Page } from '../../frame/Page.tsx';
import { taskName } from './decision.ts';
import { inReview, neighbour, oldestFirst, waitingTasks, withJob, type Line, type Place } from './line.ts';
import { LineList } from './LineList.tsx';
import { followLine, line, lineError } from './liveLine.ts';
import { Result } from './Result.tsx';
import { useJobInReview } from './useCurrent.ts';
import './review.css';
import './compare.css';

export function ReviewPage() {
  useEffect(followLine, []);
  const waiting = line.value;
  const count = waiting === undefined ? undefined : waitingTasks(waiting);
  return (
    <Page
      title="Review"
      actions={
        count === undefined ? undefined : (
          <strong role="status">{count === 0 ? '' : `${counted(count, 'result')} to review`}</strong>
        )
      }
    >
      {lineError.value === undefined ? null : <Problem error={lineError.value} />}
      {waiting === undefined ? <p class="muted">Reading the line…</p> : <Reviewing waiting={waiting} />}
    </Page>
  );
}

function Reviewing({ waiting }: { waiting: Line }) {
  const [query] = useQuery();
  const asked = query.get('job') ?? undefined;
  const askedTask = query.get('task') ?? undefined;
  const id = asked ?? oldestFirst(waiting)[0]?.id;
  const { job, error, take, reload } = useJobInReview(id);
  const tasks = job === undefined ? [] : inReview(job);
  const wanted = askedTask === undefined ? undefined : tasks.find((task) => isNamed(task, askedTask));
  const task = wanted ?? tasks[0];
  const go = useGo();
  useTellGone(job, task);
  const current = job === undefined || task === undefined ? undefined : { job: job.id, task: task.index };
  const next = (by: 1 | -1): Place | undefined => current && neighbour(waiting, tasks, current, by);
  useKeys({ j: () => go(next(1)), k: () => go(next(-1)) });
  function decided(answer: Job): void {
    const then = next(1);
    if (task !== undefined) decidedHere = `${answer.id}/${task.index}/${task.run}`;
    line.value = withJob(line.value ?? waiting, answer);
    take(answer);
    go(then);
  }
  if (id === undefined) return <NothingWaits />;
  return (
    <div class={isStale() ? 'review stale' : 'review'}>
      <LineList line={waiting} current={current} tasks={tasks} />
      <div class="review-main">
        {error === undefined ? null : <Problem error={error} />}
        {job !== undefined && askedTask !== undefined && wanted === undefined ? (
          <p role="status">
            Task {askedTask} of this job does not wait for a review.{task === undefined ? '' : ' This is the next one.'}
          </p>
        ) : null}
        {job !== undefined && task === undefined ? <NothingInJob id={job.id} /> : null}
        {job === undefined || task === undefined ? null : (
          <Result
            key={`${job.id}/${task.index}/${task.run}`}
            job={job}
            task={task}
            onDecided={decided}
            onTooLate={() => {
              go(next(1));
              reload();
            }}
          />
        )}
      </div>
    </div>
  );
}

const isNamed = ({ index, name }: Task, asked: string): boolean => String(index) === asked || name === asked;

/** Shows another result of the line; undefined: the first one. */
function useGo(): (place: Place | undefined) => void {
  const { route } = useLocation();
  return (place) => {
    const query =
      place === undefined ? '' : `?job=${place.job}${place.task === undefined ? '' : `&task=${place.task}`}`;
    route(pathTo(`/review${query}`), true);
  };
}

/** Says when the result that is shown has been decided by someone else. */
function useTellGone(job: Job | undefined, task: Task | undefined): void {
  const shown = useRef<{ job: string; task: Task } | undefined>(undefined);
  useEffect(() => {
    const before = shown.current;
    shown.current = job === undefined || task === undefined ? undefined : { job: job.id, task };
    if (before === undefined || job === undefined || before.job !== job.id || before.task.index === task?.index) return;
    const isStillThere = inReview(job).some(({ index, run }) => index === before.task.index && run === before.task.run);
    const isMine = decidedHere === `${job.id}/${before.task.index}/${before.task.run}`;
    if (!isStillThere && !isMine) notify(`${taskName(before.task)} was decided elsewhere, or its time was up`);
  }, [job, task]);
}

/** The last decision of this page. */
let decidedHere = '';

function NothingInJob({ id }: { id: string }) {
  return (
    <p>
      Nothing of <a href={pathTo(`/jobs/${id}`)}>this job</a> waits for a review now.{' '}
      <a href={pathTo('/review')}>To the line</a>
    </p>
  );
}

function NothingWaits() {
  return (
    <div class="card review-empty">
      <h2>Nothing waits for a review</h2>
      <p>
        Results come here if their job has the policy <code>review: always</code>, or if a check flags them. New ones
        appear by themselves.
      </p>
      {can('jobs:write') ? (
        <p>
          <a href={pathTo('/new')}>New job</a>: choose "A person reviews each result" under Advanced.
        </p>
      ) : null}
    </div>
  );
}
