// The selected rows. A new filter selects nothing; a job that has left the list is not selected.

import { useEffect, useMemo, useState } from 'preact/hooks';
import type { ListedJob } from '../../../../client/index.ts';
import type { JobsReader } from './jobsReader.ts';
import { extend, nothingSelected, toggle } from './selection.ts';

export interface Selecting {
  readonly ids: ReadonlySet<string>;
  readonly jobs: readonly ListedJob[];
  /** With Shift, all rows from the one before. */
  readonly select: (id: string, event?: MouseEvent) => void;
  /** All rows, or none if all are. */
  readonly selectAll: () => void;
  readonly clear: () => void;
}

export function useSelection(reader: JobsReader): Selecting {
  const [{ ids }, set] = useState(nothingSelected);
  // What can be done with a job changes with its state.
  void reader.version.value;
  const functions = useMemo(() => {
    const clear = (): void => set(nothingSelected);
    const select = (id: string, event?: MouseEvent): void => {
      const order = reader.list.rows.map((row) => row.id);
      set((before) => (event?.shiftKey === true ? extend(before, id, order) : toggle(before, id)));
    };
    const selectAll = (): void => {
      const all = reader.list.rows.filter(({ faded }) => !faded).map(({ id }) => id);
      set((before) => (before.ids.size >= all.length ? nothingSelected : { ids: new Set(all), anchor: undefined }));
    };
    return { clear, select, selectAll };
  }, [reader]);
  useEffect(functions.clear, [functions]);
  const jobs = [...ids].flatMap((id) => reader.list.row(id)?.job ?? []);
  return { ids, jobs, ...functions };
}
