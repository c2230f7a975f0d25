// What can be done with the selected jobs, at the lower edge of the window, where it moves no row.

import type { ListedJob } from '../../../../client/index.ts';
import { counted } from '../../../format.ts';
import { actionTitle, bulkActions, permits, type BulkAction } from './bulk.ts';

interface BulkBarProps {
  selected: readonly ListedJob[];
  /** Without the right, there are no actions. */
  permitted: boolean;
  onAction: (action: BulkAction) => void;
  onClear: () => void;
}

export function BulkBar({ selected, permitted, onAction, onClear }: BulkBarProps) {
  if (selected.length === 0) return null;
  return (
    <div class="jobs-bulk row" role="toolbar" aria-label="Selected jobs">
      <strong aria-live="polite">{counted(selected.length, 'job')} selected</strong>
      {permitted
        ? bulkActions.map((action) => {
            const count = selected.filter((job) => permits(job, action)).length;
            return (
              <button
                key={action}
                type="button"
                class={action === 'retry' ? '' : 'danger'}
                disabled={count === 0}
                onClick={() => onAction(action)}
              >
                {actionTitle[action]} {count === selected.length || count === 0 ? '' : count}
              </button>
            );
          })
        : null}
      <button type="button" class="plain" onClick={onClear}>
        Clear
      </button>
    </div>
  );
}
