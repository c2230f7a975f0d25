// The keyboard in the list: j and k (or the arrows) move from row to row, x selects, Enter opens, c cancels, R retries.

import { useLocation } from 'preact-iso';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { pathTo } from '../../../base.ts';
import { useKeys } from '../../../components/useKeys.ts';
import type { JobsReader } from './jobsReader.ts';
import type { ListView } from './listView.ts';

interface ListKeys {
  reader: JobsReader;
  view: ListView;
  onSelect: (id: string) => void;
  /** `current`: the row with the focus. */
  onCancel: (current: string | undefined) => void;
  onRetry: (current: string | undefined) => void;
}

/** The row with the focus, and a function that makes another row that one. */
export function useListKeys({
  reader,
  view,
  onSelect,
  onCancel,
  onRetry,
}: ListKeys): [string | undefined, (id: string) => void] {
  const [current, setCurrent] = useState<string | undefined>(undefined);
  const toFocus = useRef<string | undefined>(undefined);
  const { route } = useLocation();
  useLayoutEffect(() => {
    if (toFocus.current === undefined) return;
    const link = view.body?.querySelector<HTMLElement>(`[data-job="${CSS.escape(toFocus.current)}"] a`);
    toFocus.current = undefined;
    link?.focus({ preventScroll: true });
  });
  function move(by: number): void {
    const { rows } = reader.list;
    // The last step may not have been rendered yet.
    const from = toFocus.current ?? current;
    const at = from === undefined ? -1 : reader.list.indexOf(from);
    const { first } = view.inSight(rows.length);
    const to = Math.max(0, Math.min(rows.length - 1, at === -1 ? first : at + by));
    const row = rows[to];
    if (row === undefined) return;
    view.scrollTo(to);
    toFocus.current = row.id;
    setCurrent(row.id);
  }
  const isThere = current !== undefined && reader.list.row(current) !== undefined;
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    x: () => isThere && onSelect(current),
    Enter: () => isThere && route(pathTo(`/jobs/${current}`)),
    c: () => onCancel(isThere ? current : undefined),
    R: () => onRetry(isThere ? current : undefined),
  });
  return [current, setCurrent];
}
