// The list of jobs: the figures of the last hour, what is wrong, and the jobs of the filter, live.

import { api } from '../../api/client.ts';
import { Problem } from '../../components/Problem.tsx';
import { useQuery } from '../../components/useQuery.ts';
import { Page } from '../../frame/Page.tsx';
import { usePoll } from '../../live/poll.ts';
import { BulkBar } from './actions/BulkBar.tsx';
import { BulkDialog } from './actions/BulkDialog.tsx';
import { RetryAll } from './actions/RetryAll.tsx';
import { useActions } from './actions/useActions.ts';
import { EmptyList } from './EmptyList.tsx';
import { Filters } from './Filters.tsx';
import { filterOf } from './list/filter.ts';
import type { JobsReader } from './list/jobsReader.ts';
import { JobTable } from './list/JobTable.tsx';
import { useListView, type ListView } from './list/listView.ts';
import { EndOfList, NewJobs } from './list/Notes.tsx';
import { useListKeys } from './list/useListKeys.ts';
import { useReader } from './list/useReader.ts';
import { useSelection } from './list/useSelection.ts';
import { Figures } from './overview/Figures.tsx';
import { Problems } from './overview/Problems.tsx';
import './overview/overview.css';
import './list/filters.css';
import './list/list.css';
import './list/row.css';

/** ms. */
const readPoolsEvery = 10_000;

export function JobsPage() {
  const [query] = useQuery();
  const filter = filterOf(query);
  const view = useListView();
  const { reader, isLoading } = useReader(filter, view);
  const pools = usePoll((signal) => api.pools({ signal }), readPoolsEvery);
  const selection = useSelection(reader);
  const { permitted, request, ask, close } = useActions();
  const targets = (current: string | undefined) => {
    const row = current === undefined ? undefined : reader.list.row(current);
    return selection.jobs.length > 0 || row === undefined ? selection.jobs : [row.job];
  };
  const [current, setCurrent] = useListKeys({
    reader,
    view,
    onSelect: selection.select,
    onCancel: (id) => ask('cancel', targets(id)),
    onRetry: (id) => ask('retry', targets(id)),
  });
  const known = pools.data.value ?? [];
  const isEmpty = reader.list.rows.length === 0 && reader.list.next === null && reader.list.above === 0;
  const error = reader.error.value;
  return (
    <Page title="Jobs">
      <Figures />
      <Problems pools={known} holds={() => view.holds()} />
      <Filters filter={filter} pools={known.map(({ name }) => name)}>
        {permitted ? <RetryAll filter={filter} onJobs={(jobs) => ask('retry', jobs)} /> : null}
      </Filters>
      {error === undefined ? null : <Problem error={error} />}
      <div
        class="jobs-list"
        onPointerOver={({ pointerType }) => (view.pointed = pointerType === 'mouse')}
        onPointerLeave={() => leave(reader, view)}
      >
        <NewJobs reader={reader} onShow={() => showNew(reader, view)} />
        {isEmpty ? (
          <EmptyList filter={reader.list.filter} />
        ) : (
          <JobTable {...{ reader, view, isLoading, selection, current }} onCurrent={setCurrent} />
        )}
        <EndOfList reader={reader} />
      </div>
      <BulkBar
        selected={selection.jobs}
        permitted={permitted}
        onAction={(action) => ask(action, selection.jobs)}
        onClear={selection.clear}
      />
      {request === undefined ? null : <BulkDialog {...request} onClose={close} />}
    </Page>
  );
}

/** Also the button that shows what is new is in the list: it stays under the pointer that comes from a row. */
function leave(reader: JobsReader, view: ListView): void {
  view.pointed = false;
  if (!view.holds()) reader.release();
}

function showNew(reader: JobsReader, view: ListView): void {
  view.scrollToTop();
  reader.flush();
}
