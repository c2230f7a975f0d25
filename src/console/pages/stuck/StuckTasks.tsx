// The stuck tasks in groups, which of them are selected, and the button that fails those.

import { useState } from 'preact/hooks';
import type { FixedTask, StuckList, StuckTask } from '../../../client/index.ts';
import { can } from '../../api/session.ts';
import { counted } from '../../format.ts';
import { FixDialog } from './FixDialog.tsx';
import { groupsOf, selectionKey } from './groups.ts';
import { SelectAll } from './SelectAll.tsx';
import { StuckGroupCard } from './StuckGroupCard.tsx';

interface StuckTasksProps {
  list: StuckList;
  onFixed: (fixed: readonly FixedTask[]) => void;
}

export function StuckTasks({ list: { items, total }, onFixed }: StuckTasksProps) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  // The tasks of the dialog stay those that were shown when it was opened.
  const [asks, setAsks] = useState<readonly StuckTask[]>([]);
  const selected = items.filter((task) => chosen.has(selectionKey(task)));
  const groups = groupsOf(items);
  function select(tasks: readonly StuckTask[], on: boolean): void {
    const keys = new Set(selected.map(selectionKey));
    for (const task of tasks) {
      if (on) keys.add(selectionKey(task));
      else keys.delete(selectionKey(task));
    }
    setChosen(keys);
  }
  // Fixing is for one tenant, or for all of them with the scope `admin`.
  const canFix = can('jobs:write') || can('admin');
  return (
    <>
      <div class="row spread">
        <p>
          {counted(total, 'stuck task')}
          {overdueText(items)}
          {total > items.length ? `; ${counted(total - items.length, 'more is', 'more are')} not shown` : ''}
        </p>
        {canFix ? (
          <div class="row">
            <SelectAll
              label="Select all"
              tasks={items}
              selected={selected.length}
              onSelect={(on) => select(items, on)}
            />
            <button type="button" class="danger" disabled={selected.length === 0} onClick={() => setAsks(selected)}>
              {selected.length === 0 ? 'Fix…' : `Fix ${counted(selected.length, 'task')}…`}
            </button>
          </div>
        ) : null}
      </div>
      {groups.map((group) => (
        <StuckGroupCard
          key={group.key}
          group={group}
          chosen={canFix ? chosen : undefined}
          onSelect={select}
          showsTenants={items.some(({ tenant }) => tenant !== items[0]!.tenant)}
        />
      ))}
      {asks.length === 0 ? null : <FixDialog tasks={asks} onClose={() => setAsks([])} onFixed={onFixed} />}
    </>
  );
}

function overdueText(items: readonly StuckTask[]): string {
  const overdue = items.filter((task) => task.overdue).length;
  return overdue === 0 ? '' : `, ${overdue} overdue`;
}
