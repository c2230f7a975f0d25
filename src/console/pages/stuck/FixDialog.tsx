// Asks before stuck tasks are failed, and lists every one of them.

import type { FixedTask, StuckTask } from '../../../client/index.ts';
import { api } from '../../api/client.ts';
import { Confirm } from '../../components/Dialog.tsx';
import { StateBadge } from '../../components/StateBadge.tsx';
import { counted } from '../../format.ts';
import { selectionKey } from './groups.ts';

interface FixDialogProps {
  /** As they were shown. */
  tasks: readonly StuckTask[];
  onClose: () => void;
  onFixed: (fixed: readonly FixedTask[]) => void;
}

export function FixDialog({ tasks, onClose, onFixed }: FixDialogProps) {
  const what = counted(tasks.length, 'task');
  return (
    <Confirm
      title={`Fail ${what}?`}
      action={`Fail ${what}`}
      danger
      onConfirm={async () => onFixed(await api.failStuck(tasks))}
      onClose={onClose}
    >
      <div class="stack">
        <p>
          {tasks.length === 1 ? 'This task fails' : 'These tasks fail'} with FailedByOperator, and a call that runs is
          lost. A task that changes before that is left alone, and so is every other task. You can retry the jobs
          afterwards.
        </p>
        <ul class="stuck-fixes" tabIndex={0} aria-label="Tasks that will fail">
          {tasks.map((task) => (
            <li key={selectionKey(task)}>
              <StateBadge state={task.state} />{' '}
              <span class="mono">
                {task.job}/{task.task}
              </span>{' '}
              {task.name === null ? null : <span dir="auto">{task.name} </span>}
              <span class="muted">{task.cause}</span>
            </li>
          ))}
        </ul>
      </div>
    </Confirm>
  );
}
