// Asks how to cancel a job: everything now, or only what does not run yet.

import { useState } from 'preact/hooks';
import type { Job } from '../../../../client/index.ts';
import { api } from '../../../api/client.ts';
import { Confirm } from '../../../components/Dialog.tsx';
import { notify } from '../../../components/Notices.tsx';
import { counted } from '../../../format.ts';
import type { JobFollower } from '../live/jobFollower.ts';

interface CancelDialogProps {
  follower: JobFollower;
  job: Job;
  close: () => void;
}

export function CancelDialog({ follower, job, close }: CancelDialogProps) {
  const [running, setRunning] = useState<'stop' | 'finish'>('stop');
  const { progress } = job;
  const notStarted = progress.queued + progress.waiting + progress.needs_review;
  async function cancel(): Promise<void> {
    await api.cancel(job.id, running === 'finish' ? { running } : {});
    notify(running === 'finish' ? 'Cancelled; running tasks finish' : 'Cancelled');
    follower.refresh();
  }
  return (
    <Confirm title="Cancel the job?" action="Cancel the job" danger onConfirm={cancel} onClose={close}>
      <p>
        {counted(notStarted + progress.running, 'task')} will have no result. The results of{' '}
        {counted(progress.succeeded, 'task')} stay. Cancelled tasks can be retried.
      </p>
      {progress.running === 0 ? null : (
        <fieldset class="job-choice">
          <legend>Running tasks: {progress.running}</legend>
          <label>
            <input type="radio" name="running" checked={running === 'stop'} onChange={() => setRunning('stop')} />
            Stop them now. The provider may bill the calls all the same.
          </label>
          <label>
            <input type="radio" name="running" checked={running === 'finish'} onChange={() => setRunning('finish')} />
            Let them finish, and cancel only {counted(notStarted, 'task')}.
          </label>
        </fieldset>
      )}
    </Confirm>
  );
}
