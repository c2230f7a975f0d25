// Asks before an action on several jobs, does it one job after the other, and tells how it went.

import { useEffect, useMemo, useState } from 'preact/hooks';
import type { ListedJob } from '../../../../client/index.ts';
import { api } from '../../../api/client.ts';
import { Confirm } from '../../../components/Dialog.tsx';
import { notify, notifyError } from '../../../components/Notices.tsx';
import { counted } from '../../../format.ts';
import { actionTitle, consequence, runAll, summary, type BulkAction } from './bulk.ts';

export interface BulkRequest {
  readonly action: BulkAction;
  /** All of them permit the action. */
  readonly jobs: readonly ListedJob[];
}

/** A limit of requests is waited for, ms. */
const patience = { giveUpAfterMs: 30_000 };

const calls: Record<BulkAction, (id: string) => Promise<unknown>> = {
  cancel: (id) => api.cancel(id, patience),
  retry: (id) => api.retry(id, patience),
  delete: (id) => api.delete(id, patience),
};

export function BulkDialog({ action, jobs, onClose }: BulkRequest & { onClose: () => void }) {
  const [finished, setFinished] = useState<number | undefined>(undefined);
  const stop = useMemo(() => new AbortController(), []);
  useEffect(() => () => stop.abort(), [stop]);
  async function run(): Promise<void> {
    setFinished(0);
    const ids = jobs.map(({ id }) => id);
    const outcome = await runAll(ids, calls[action], { onProgress: setFinished, signal: stop.signal });
    const text = summary(action, outcome);
    if (outcome.done === outcome.asked) notify(text);
    else notifyError(new Error(text));
  }
  const name = jobs.length === 1 ? '1 job' : counted(jobs.length, 'job');
  return (
    <Confirm
      title={`${actionTitle[action]}: ${name}`}
      action={`${actionTitle[action]} ${name}`}
      danger={action !== 'retry'}
      onConfirm={run}
      onClose={onClose}
    >
      <p>{consequence(action, jobs)}</p>
      {finished === undefined ? null : (
        <p role="status">
          {finished} of {jobs.length}
        </p>
      )}
    </Confirm>
  );
}
