// A checkbox for several tasks: checked for all of them, half checked for some.

import type { StuckTask } from '../../../client/index.ts';

interface SelectAllProps {
  label: string;
  tasks: readonly StuckTask[];
  /** How many of them are. */
  selected: number;
  onSelect: (on: boolean) => void;
  /** The label is only for screen readers. */
  short?: boolean;
}

export function SelectAll({ label, tasks, selected, onSelect, short = false }: SelectAllProps) {
  const all = selected === tasks.length;
  return (
    <label class="row">
      <input
        type="checkbox"
        checked={all}
        ref={(box) => {
          if (box !== null) box.indeterminate = selected > 0 && !all;
        }}
        onChange={(event) => onSelect(event.currentTarget.checked)}
      />
      <span class={short ? 'heard' : ''}>{label}</span>
    </label>
  );
}
