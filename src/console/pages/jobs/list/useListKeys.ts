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
    const link = view.body?.querySelector<HTMLElement>(`[data-job="${CSS.escape(toFocus.current)}"] a`) ?? undefined;
    // A row that is scrolled to may be rendered later.
    if (link === undefined) return;
    toFocus.current = undefined;
    link.focus({ preventScroll: true });
  });
  /** The row with the focus, or that gets it once it is drawn; undefined if it has left the list. */
  function listed(): string | undefined {
    const id = toFocus.current ?? current;
    return id === undefined || reader.list.row(id) === undefined ? undefined : id;
  }
  function move(by: number): void {
    const { rows } = reader.list;
    const from = listed();
    const at = from === undefined ? -1 : reader.list.indexOf(from);
    const { first } = view.inSight(rows.length);
    const to = Math.max(0, Math.min(rows.length - 1, at === -1 ? first : at + by));
    const next = rows[to];
    if (next === undefined) return;
    view.scrollTo(to);
    toFocus.current = next.id;
    setCurrent(next.id);
  }
  const withListed = (act: (id: string) => void): void => {
    const id = listed();
    if (id !== undefined) act(id);
  };
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    x: () => withListed(onSelect),
    Enter: () => withListed((id) => route(pathTo(`/jobs/${id}`))),
    c: () => onCancel(listed()),
    R: () => onRetry(listed()),
  });
  const focused = (id: string): void => {
    toFocus.current = undefined;
    setCurrent(id);
  };
  return [current, focused];
}
