// What one can do with a job: each button exists only if the user may do it and it makes sense now.

import { useState } from 'preact/hooks';
import type { Job } from '../../../../client/index.ts';
import { api } from '../../../api/client.ts';
import { can } from '../../../api/session.ts';
import { pathTo } from '../../../base.ts';
import { act } from '../../../components/Notices.tsx';
import { useKeys } from '../../../components/useKeys.ts';
import { counted } from '../../../format.ts';
import type { JobFollower } from '../live/jobFollower.ts';
import { fileCount } from '../zip/contents.ts';
import { CancelDialog } from './CancelDialog.tsx';
import { DeleteDialog } from './DeleteDialog.tsx';
import { DownloadDialog } from './DownloadDialog.tsx';
import { ShareDialog } from './ShareDialog.tsx';

interface ActionsProps {
  follower: JobFollower;
  job: Job;
  chosen: ReadonlySet<number>;
  clearChosen: () => void;
}

type OpenDialog = 'cancel' | 'delete' | 'download' | 'share' | undefined;

export function Actions({ follower, job, chosen, clearChosen }: ActionsProps) {
  const [dialog, open] = useState<OpenDialog>(undefined);
  const mayWrite = can('jobs:write');
  const isOpen = job.finishedAt === null;
  const toRetry = job.progress.failed + job.progress.cancelled;
  const canRetry = mayWrite && !isOpen && toRetry > 0;
  async function retry(): Promise<void> {
    const tasks = chosen.size === 0 ? {} : { tasks: [...chosen] };
    const done = `Retrying ${counted(chosen.size === 0 ? toRetry : chosen.size, 'task')}`;
    if (await act(() => api.retry(job.id, tasks), done)) clearChosen();
    follower.refresh();
  }
  useKeys({
    ...(mayWrite && isOpen ? { c: () => open('cancel') } : {}),
    ...(canRetry ? { R: () => void retry() } : {}),
  });
  // Artifacts arrive with changes of states.
  const hasResults = follower.states.value !== '' && fileCount(follower.tasks.peek().map((task) => task.peek())) > 0;
  return (
    <>
      {canRetry ? (
        <button type="button" class="primary" aria-keyshortcuts="R" onClick={() => void retry()}>
          {retryText(job, chosen)}
        </button>
      ) : null}
      {hasResults ? (
        <button type="button" onClick={() => open('download')}>
          Download all
        </button>
      ) : null}
      <button type="button" onClick={() => open('share')}>
        Share
      </button>
      {mayWrite ? (
        <a class="button" href={pathTo(`/new?from=${job.id}`)} title="A new job, filled in from this one">
          Duplicate
        </a>
      ) : null}
      {mayWrite && isOpen ? (
        <button type="button" class="danger" aria-keyshortcuts="c" onClick={() => open('cancel')}>
          Cancel
        </button>
      ) : null}
      {mayWrite && !isOpen ? (
        <button type="button" class="danger" onClick={() => open('delete')}>
          Delete
        </button>
      ) : null}
      <Dialogs dialog={dialog} follower={follower} job={job} close={() => open(undefined)} />
    </>
  );
}

function retryText({ progress }: Job, chosen: ReadonlySet<number>): string {
  if (chosen.size > 0) return `Retry ${counted(chosen.size, 'chosen task')}`;
  return progress.failed === 0 ? 'Retry cancelled' : 'Retry failed';
}

interface DialogsProps {
  dialog: OpenDialog;
  follower: JobFollower;
  job: Job;
  close: () => void;
}

function Dialogs({ dialog, follower, job, close }: DialogsProps) {
  switch (dialog) {
    case 'cancel':
      return <CancelDialog follower={follower} job={job} close={close} />;
    case 'delete':
      return <DeleteDialog follower={follower} job={job} close={close} />;
    case 'download':
      return <DownloadDialog follower={follower} close={close} />;
    case 'share':
      return <ShareDialog job={job} close={close} />;
    case undefined:
      return null;
    default:
      return dialog satisfies never;
  }
}
