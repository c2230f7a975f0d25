// The list of jobs for the filter of the page. While another filter's first page is read, the list of the one before stays, dimmed.

import { useLocation } from 'preact-iso';
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { api, tenant } from '../../../api/client.ts';
import { onEvents } from '../../../live/events.ts';
import { currentTime } from '../../../live/now.ts';
import { filterKey, listFilter, type Filter } from './filter.ts';
import type { JobList } from './jobList.ts';
import { JobsReader, type PageRequest, type ReaderOptions } from './jobsReader.ts';
import type { ListView } from './listView.ts';

/** How often the rows in sight are read again while one of them waits, ms. */
const refreshEvery = 5_000;

/** What the page showed when the user left it, so that the way back leads to the same rows. */
let left: { readonly key: string; readonly list: JobList; readonly top: number } | undefined;
/** Longer lists are not kept while another page is shown. */
const mostKept = 2_000;

export function useReader(filter: Filter, view: ListView): { reader: JobsReader; isLoading: boolean } {
  // The way back is no push. Its types do not have the field.
  const { wasPush } = useLocation() as ReturnType<typeof useLocation> & { wasPush?: boolean };
  const key = `${filterKey(filter)} ${tenant.value}`;
  const back = useRef(wasPush === true ? undefined : left);
  const reader = useMemo(() => {
    const earlier = back.current?.key === key ? back.current.list : undefined;
    const created: JobsReader = new JobsReader(
      filter,
      optionsOf(view, () => created),
      earlier,
    );
    return created;
  }, [key]);
  const shown = useRef(reader);
  useEffect(() => {
    if (back.current?.key === key) {
      scrollBy({ top: view.top - back.current.top, behavior: 'instant' });
      void reader.reread();
    } else void reader.restart();
    back.current = undefined;
    const stop = onEvents((events) => reader.take(events));
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') void reader.refreshInSight();
    }, refreshEvery);
    return () => {
      clearInterval(timer);
      stop();
      reader.stop();
    };
  }, [reader]);
  // Before the next page scrolls to its top.
  useLayoutEffect(
    () => () => {
      const { list } = reader;
      left = list.rows.length > mostKept ? undefined : { key, list, top: view.top };
    },
    [reader],
  );
  const isLoading = reader.version.value === 0;
  if (!isLoading) shown.current = reader;
  return { reader: shown.current, isLoading };
}

const optionsOf = (view: ListView, reader: () => JobsReader): ReaderOptions => ({
  readPage,
  holds: () => view.holds(),
  inSight: () => view.inSight(reader().list.rows.length),
  now: currentTime,
});

const readPage = ({ filter, cursor, limit, signal }: PageRequest) =>
  api.listPage({ ...listFilter(filter), pageSize: limit }, { cursor, signal });
