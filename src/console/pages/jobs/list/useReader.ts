// The list of jobs for the filter of the page. While another filter's first page is read, the list of the one before stays, dimmed.

import { useEffect, useMemo, useRef } from 'preact/hooks';
import { api, tenant } from '../../../api/client.ts';
import { onEvents } from '../../../live/events.ts';
import { currentTime } from '../../../live/now.ts';
import { filterKey, listFilter, type Filter } from './filter.ts';
import { JobsReader, type PageRequest } from './jobsReader.ts';
import type { ListView } from './listView.ts';

/** How often the rows in sight are read again while one of them waits, ms. */
const refreshEvery = 5_000;

export function useReader(filter: Filter, view: ListView): { reader: JobsReader; isLoading: boolean } {
  const reader = useMemo(() => {
    const created: JobsReader = new JobsReader(filter, {
      readPage,
      holds: () => view.holds(),
      inSight: () => view.inSight(created.list.rows.length),
      now: currentTime,
    });
    return created;
  }, [filterKey(filter), tenant.value]);
  const shown = useRef(reader);
  useEffect(() => {
    void reader.restart();
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
  const isLoading = reader.version.value === 0;
  if (!isLoading) shown.current = reader;
  return { reader: shown.current, isLoading };
}

const readPage = ({ filter, cursor, limit, signal }: PageRequest) =>
  api.listPage({ ...listFilter(filter), pageSize: limit }, { cursor, signal });
