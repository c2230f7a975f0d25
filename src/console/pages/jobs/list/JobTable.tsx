// The table of jobs. Only the rows in sight are in the page; screen readers hear how many there are and which ones these are.

import { useLayoutEffect, useRef } from 'preact/hooks';
import { tenant } from '../../../api/client.ts';
import { isStale } from '../../../frame/LiveState.tsx';
import { JobRow } from './JobRow.tsx';
import type { JobsReader } from './jobsReader.ts';
import type { ListView } from './listView.ts';
import { roles } from '../../../components/tableRoles.ts';
import { useRows } from './useRows.ts';
import type { Selecting } from './useSelection.ts';

interface JobTableProps {
  reader: JobsReader;
  view: ListView;
  /** The rows are those of the filter before. */
  isLoading: boolean;
  selection: Selecting;
  /** The row with the focus of the keyboard. */
  current: string | undefined;
  onCurrent: (id: string) => void;
}

export function JobTable({ reader, view, isLoading, selection, current, onCurrent }: JobTableProps) {
  // Each change of the list is rendered.
  void reader.version.value;
  const { rows, next } = reader.list;
  const { first, end } = useRows(reader, view);
  const body = useRef<HTMLTableSectionElement>(null);
  useLayoutEffect(() => {
    view.body = body.current;
    return () => {
      view.body = null;
    };
  }, [view]);
  const indexes = Array.from({ length: end - first }, (_, at) => first + at);
  const currentAt = current === undefined ? -1 : reader.list.indexOf(current);
  // The row with the focus stays in the page, so that the focus stays where it is.
  if (currentAt !== -1 && currentAt < first) indexes.unshift(currentAt);
  if (currentAt >= end) indexes.push(currentAt);
  const height = view.rowHeight;
  return (
    <table
      {...roles.table}
      class={`jobs-table ${isLoading || isStale() ? 'stale' : ''}`}
      aria-rowcount={next === null ? rows.length + 1 : -1}
      aria-busy={isLoading}
    >
      <caption class="heard">Jobs, newest first</caption>
      <Head allSelected={rows.length > 0 && selection.ids.size >= rows.length} onSelectAll={selection.selectAll} />
      <tbody
        ref={body}
        {...roles.rowgroup}
        style={{ height: `${rows.length * height}px` }}
        onFocusIn={({ target }) => {
          const id = (target as HTMLElement).closest('tr')?.dataset['job'];
          if (id !== undefined) onCurrent(id);
        }}
      >
        {indexes.map((index) => {
          const row = rows[index]!;
          return (
            <JobRow
              key={row.id}
              row={row}
              index={index}
              height={height}
              selected={selection.ids.has(row.id)}
              current={row.id === current}
              showsTenant={tenant.value === '*'}
              onSelect={selection.select}
            />
          );
        })}
      </tbody>
    </table>
  );
}

interface HeadProps {
  allSelected: boolean;
  onSelectAll: () => void;
}

function Head({ allSelected, onSelectAll }: HeadProps) {
  return (
    <thead {...roles.rowgroup} class="jobs-head">
      <tr {...roles.row} class="jobs-columns" aria-rowindex={1}>
        <th {...roles.columnheader} scope="col" class="jobs-select">
          <label>
            <input type="checkbox" aria-label="Select all rows" checked={allSelected} onClick={onSelectAll} />
          </label>
        </th>
        {columns.map(([name, title]) => (
          <th key={name} {...roles.columnheader} scope="col" class={`jobs-${name}`}>
            {title}
          </th>
        ))}
      </tr>
    </thead>
  );
}

const columns = [
  ['state', 'State'],
  ['pictures', 'Pictures'],
  ['title', 'Prompt'],
  ['why', 'Waits for'],
  ['pool', 'Pool'],
  ['tasks', 'Tasks'],
  ['submitted', 'Submitted'],
  ['duration', 'Duration'],
] as const;
