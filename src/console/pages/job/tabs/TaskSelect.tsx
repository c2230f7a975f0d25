// The choice of one task of the job.

import { stateWord } from '../../../components/StateBadge.tsx';
import type { JobFollower } from '../live/jobFollower.ts';
import { taskName } from '../timeline/words.ts';

interface TaskSelectProps {
  follower: JobFollower;
  chosen: string;
  choose: (task: string | undefined) => void;
  /** The words of the choice of no task. */
  all?: string;
}

export function TaskSelect({ follower, chosen, choose, all }: TaskSelectProps) {
  const tasks = follower.tasks.value;
  if (tasks.length < 2) return null;
  const states = follower.states.value.split(',');
  return (
    <label class="row">
      Task
      <select
        class="task-select"
        value={chosen}
        onChange={({ currentTarget: { value } }) => choose(value === '' ? undefined : value)}
      >
        {all === undefined ? null : <option value="">{all}</option>}
        {tasks.map((task, index) => (
          <option key={index} value={String(index)}>
            {index}: {taskName(task.peek())} ({stateWord(states[index]!)})
          </option>
        ))}
      </select>
    </label>
  );
}
