// Retries all jobs of a filter for failed ones, also those that the page has not read yet.

import { useState } from 'preact/hooks';
import type { ListedJob } from '../../../../client/index.ts';
import { api } from '../../../api/client.ts';
import { notifyError } from '../../../components/Notices.tsx';
import { listFilter, type Filter } from '../list/filter.ts';

/** More are retried by pressing the button again. */
const mostJobs = 10_000;

export function RetryAll({ filter, onJobs }: { filter: Filter; onJobs: (jobs: readonly ListedJob[]) => void }) {
  const [busy, setBusy] = useState(false);
  if (filter.states.length !== 1 || filter.states[0] !== 'failed') return null;
  async function collect(): Promise<void> {
    setBusy(true);
    try {
      const jobs: ListedJob[] = [];
      for await (const job of api.list({ ...listFilter(filter), pageSize: 500 })) {
        jobs.push(job);
        if (jobs.length === mostJobs) break;
      }
      onJobs(jobs);
    } catch (error) {
      notifyError(error);
    } finally {
      setBusy(false);
    }
  }
  return (
    <button type="button" disabled={busy} onClick={() => void collect()}>
      Retry all that failed
    </button>
  );
}
