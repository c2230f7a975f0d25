// Every transition of the job as a table, oldest first, in pages.

import { useState } from 'preact/hooks';
import type { Transition } from '../../../../client/index.ts';
import { StateBadge } from '../../../components/StateBadge.tsx';
import { useQueryParameter } from '../../../components/useQuery.ts';
import { clockTime, count, preciseTime } from '../../../format.ts';
import { currentTime } from '../../../live/now.ts';
import { ErrorFacts } from '../ErrorFacts.tsx';
import type { JobFollower } from '../live/jobFollower.ts';
import { taskName } from '../timeline/words.ts';
import { TaskSelect } from './TaskSelect.tsx';

const pageSize = 100;

export function HistoryTab({ follower }: { follower: JobFollower }) {
  const [task, setTask] = useQueryParameter('task');
  const all = follower.history.value;
  const shown = task === undefined ? all : all.filter((transition) => String(transition.task) === task);
  const pages = Math.max(1, Math.ceil(shown.length / pageSize));
  const [wanted, setPage] = useState(0);
  const page = Math.min(wanted, pages - 1);
  const rows = shown.slice(page * pageSize, (page + 1) * pageSize);
  return (
    <div class="stack">
      <div class="row spread">
        <TaskSelect follower={follower} chosen={task ?? ''} choose={setTask} all="all tasks" />
        <Pager page={page} pages={pages} total={shown.length} setPage={setPage} />
      </div>
      <table class="history">
        <caption class="heard">History of the job</caption>
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Task</th>
            <th scope="col">State</th>
            <th scope="col">Reason</th>
            <th scope="col">Run, attempt</th>
            <th scope="col">Worker</th>
            <th scope="col">What happened</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((transition) => (
            <HistoryRow key={transition.sequence} transition={transition} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function HistoryRow({ transition }: { transition: Transition }) {
  const { at, task, name, state, reason, run, attempt, worker, message, error, dueAt, retryAt } = transition;
  const now = currentTime();
  const until = retryAt ?? dueAt;
  return (
    <tr>
      <td class="history-time">
        <time dateTime={at} title={at}>
          {preciseTime(at, now)}
        </time>
      </td>
      <td class="history-task" dir="auto">
        {taskName({ index: task, name })}
      </td>
      <td>
        <StateBadge state={state} />
      </td>
      <td class="mono">{reason}</td>
      <td class="history-attempt">
        run {run}, attempt {attempt}
      </td>
      <td class="mono">{worker}</td>
      <td class="history-message">
        <p dir="auto">{message}</p>
        {error === null ? null : <ErrorFacts error={error} />}
        {until === null ? null : (
          <p class="muted">
            {retryAt === null ? 'due' : 'next attempt'} at {clockTime(until, now)}
          </p>
        )}
      </td>
    </tr>
  );
}

interface PagerProps {
  page: number;
  pages: number;
  total: number;
  setPage: (page: number) => void;
}

function Pager({ page, pages, total, setPage }: PagerProps) {
  return (
    <span class="row">
      <span class="muted">
        {count(total)} transitions{pages === 1 ? '' : `, page ${page + 1} of ${pages}`}
      </span>
      {pages === 1 ? null : (
        <>
          <button type="button" disabled={page === 0} onClick={() => setPage(page - 1)}>
            ‹ Earlier
          </button>
          <button type="button" disabled={page === pages - 1} onClick={() => setPage(page + 1)}>
            Later ›
          </button>
        </>
      )}
    </span>
  );
}
