// Asks once before a job is deleted for good.

import { useLocation } from 'preact-iso';
import type { Job } from '../../../../client/index.ts';
import { api } from '../../../api/client.ts';
import { pathTo } from '../../../base.ts';
import { Confirm } from '../../../components/Dialog.tsx';
import { notify } from '../../../components/Notices.tsx';
import { counted } from '../../../format.ts';
import type { JobFollower } from '../live/jobFollower.ts';

interface DeleteDialogProps {
  follower: JobFollower;
  job: Job;
  close: () => void;
}

export function DeleteDialog({ follower, job, close }: DeleteDialogProps) {
  const { route } = useLocation();
  const results = follower.tasks
    .peek()
    .filter((task) => task.peek().artifacts.length > 0 || task.peek().output !== null);
  async function remove(): Promise<void> {
    await api.delete(job.id);
    notify(`Deleted job ${job.id}`);
    route(pathTo('/'));
  }
  return (
    <Confirm title="Delete the job for good?" action="Delete the job" danger onConfirm={remove} onClose={close}>
      <p>
        This deletes job <span class="mono">{job.id}</span>, the results of {counted(results.length, 'task')}, and its
        history. Nothing can bring them back.
      </p>
    </Confirm>
  );
}
