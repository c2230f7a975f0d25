// Stuck tasks with the same explanation: why, what happens next, what to do, and the tasks themselves.

import { useState } from 'preact/hooks';
import type { StuckTask } from '../../../client/index.ts';
import { pathTo } from '../../base.ts';
import { StateBadge } from '../../components/StateBadge.tsx';
import { Age, Countdown, Moment } from '../../components/Time.tsx';
import { Words } from '../../components/Words.tsx';
import { counted } from '../../format.ts';
import { selectionKey, type StuckGroup } from './groups.ts';
import { SelectAll } from './SelectAll.tsx';

interface StuckGroupProps {
  group: StuckGroup;
  /** Undefined: the user may not fix them. */
  chosen: ReadonlySet<string> | undefined;
  onSelect: (tasks: readonly StuckTask[], on: boolean) => void;
  showsTenants: boolean;
}

/** More tasks than these are shown on demand. */
const firstShown = 20;

export function StuckGroupCard({ group: { first, tasks }, chosen, onSelect, showsTenants }: StuckGroupProps) {
  const [all, setAll] = useState(false);
  const shown = all ? tasks : tasks.slice(0, firstShown);
  return (
    <section class={`card stack stuck-group ${first.overdue ? 'overdue' : ''}`}>
      <div class="stuck-head">
        <StateBadge state={first.state} />
        <h2>{first.summary}</h2>
      </div>
      <p class="muted">
        {first.overdue ? <strong class="stuck-overdue">overdue</strong> : null} {first.cause}; pool{' '}
        <a href={pathTo('/pools')}>{first.pool}</a>
      </p>
      <Explanation task={first} />
      <TaskTable tasks={tasks} shown={shown} chosen={chosen} onSelect={onSelect} showsTenants={showsTenants} />
      {tasks.length <= firstShown ? null : (
        <button type="button" class="plain" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? 'Show fewer' : `Show ${tasks.length - firstShown} more`}
        </button>
      )}
    </section>
  );
}

function Explanation({ task: { details, next, advice } }: { task: StuckTask }) {
  const parts = [
    ['why', details],
    ['next', next.map(({ says }) => says)],
    ['do', advice],
  ] as const;
  return (
    <dl class="stuck-explanation">
      {parts
        .filter(([, lines]) => lines.length > 0)
        .map(([label, lines]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>
              {lines.map((line) => (
                <p key={line} dir="auto">
                  <Words text={line} />
                </p>
              ))}
            </dd>
          </div>
        ))}
    </dl>
  );
}

type TaskTableProps = Omit<StuckGroupProps, 'group'> & { tasks: readonly StuckTask[]; shown: readonly StuckTask[] };

function TaskTable({ tasks, shown, chosen, onSelect, showsTenants }: TaskTableProps) {
  const selected = tasks.filter((task) => chosen?.has(selectionKey(task)) === true).length;
  const showsWorkers = tasks.some(({ worker }) => worker !== null);
  return (
    <table class="stuck-table">
      <caption class="heard">Stuck tasks</caption>
      <thead>
        <tr>
          {chosen === undefined ? null : (
            <th scope="col">
              <SelectAll
                short
                label={`Select ${counted(tasks.length, 'task')}`}
                tasks={tasks}
                selected={selected}
                onSelect={(on) => onSelect(tasks, on)}
              />
            </th>
          )}
          <th scope="col">Task</th>
          {showsTenants ? <th scope="col">Tenant</th> : null}
          <th scope="col">For</th>
          <th scope="col">Due</th>
          {showsWorkers ? <th scope="col">Worker</th> : null}
        </tr>
      </thead>
      <tbody>
        {shown.map((task) => (
          <TaskRow
            key={selectionKey(task)}
            task={task}
            chosen={chosen}
            onSelect={onSelect}
            showsTenants={showsTenants}
            showsWorkers={showsWorkers}
          />
        ))}
      </tbody>
    </table>
  );
}

type TaskRowProps = Omit<StuckGroupProps, 'group'> & { task: StuckTask; showsWorkers: boolean };

function TaskRow({ task: shown, chosen, onSelect, showsTenants, showsWorkers }: TaskRowProps) {
  const { job, task, name, since, dueAt, worker, tenant } = shown;
  return (
    <tr>
      {chosen === undefined ? null : (
        <td class="stuck-select">
          <input
            type="checkbox"
            aria-label={`Select task ${task} of job ${job}`}
            checked={chosen.has(selectionKey(shown))}
            onChange={(event) => onSelect([shown], event.currentTarget.checked)}
          />
        </td>
      )}
      <th scope="row">
        <a class="mono" href={pathTo(`/jobs/${job}`)} title={job}>
          {job.slice(0, 8)}/{task}
        </a>
        {name === null ? null : (
          <span class="muted" dir="auto">
            {' '}
            {name}
          </span>
        )}
      </th>
      {showsTenants ? <td data-label="Tenant">{tenant}</td> : null}
      <td data-label="For">
        <Age since={since} />
      </td>
      <td data-label="Due">
        <Countdown until={dueAt} past="overdue" />{' '}
        <span class="muted">
          <Moment at={dueAt} plain />
        </span>
      </td>
      {showsWorkers ? <td data-label="Worker">{worker?.name ?? <span class="muted">none</span>}</td> : null}
    </tr>
  );
}
