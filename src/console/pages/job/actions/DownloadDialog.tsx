// Downloads all results as a zip, and shows how far it is.

import { useEffect, useRef, useState } from 'preact/hooks';
import { Dialog } from '../../../components/Dialog.tsx';
import { Problem } from '../../../components/Problem.tsx';
import { Meter } from '../../../components/ProgressBar.tsx';
import { byteCount, counted } from '../../../format.ts';
import type { JobFollower } from '../live/jobFollower.ts';
import { byteTotal, fileCount, type ZipProgress } from '../zip/contents.ts';
import { downloadAll, needsMemory } from '../zip/downloadAll.ts';

export function DownloadDialog({ follower, close }: { follower: JobFollower; close: () => void }) {
  const [progress, setProgress] = useState<ZipProgress | undefined>(undefined);
  const [outcome, setOutcome] = useState<'done' | { error: unknown } | undefined>(undefined);
  const [tasks] = useState(() => follower.tasks.peek().map((task) => task.peek()));
  const stop = useRef(new AbortController());
  useEffect(() => () => stop.current.abort(), []);
  async function start(): Promise<void> {
    setOutcome(undefined);
    try {
      await downloadAll(follower.id, tasks, { signal: stop.current.signal, onProgress: setProgress });
      setOutcome('done');
    } catch (error) {
      const gaveUp = error instanceof DOMException && error.name === 'AbortError';
      setProgress(undefined);
      if (!gaveUp) setOutcome({ error });
    }
  }
  const bytes = byteCount(byteTotal(tasks));
  return (
    <Dialog title="Download all results" onClose={close}>
      <div class="stack job-download">
        <p>
          {counted(fileCount(tasks), 'file')}, {bytes}, in one zip. Thumbnails are not part of it; results that cannot
          be read are listed in <code>missing.txt</code>.
        </p>
        {needsMemory() ? (
          <p class="muted">
            This browser cannot write files by itself: it holds the zip, {bytes}, in memory until it is saved. Use{' '}
            <code>genwarden download {follower.id}</code> for very large jobs.
          </p>
        ) : null}
        {progress === undefined ? null : <Progress progress={progress} isDone={outcome === 'done'} />}
        {typeof outcome === 'object' ? <Problem error={outcome.error} /> : null}
        <div class="row dialog-actions">
          {progress === undefined || outcome !== undefined ? null : (
            <button type="button" onClick={close}>
              Stop
            </button>
          )}
          <button
            type="button"
            class="primary"
            disabled={progress !== undefined && outcome === undefined}
            onClick={() => void start()}
          >
            {outcome === 'done' ? 'Download again' : 'Download'}
          </button>
        </div>
      </div>
    </Dialog>
  );
}

function Progress({ progress: { done, total, missing }, isDone }: { progress: ZipProgress; isDone: boolean }) {
  return (
    <div>
      <Meter value={total === 0 ? 1 : done / total} label="Files in the zip" />
      <p class="muted" role="status">
        {isDone ? 'Saved: ' : ''}
        {done} of {counted(total, 'file')}
        {missing === 0 ? '' : `, ${missing} missing`}
      </p>
    </div>
  );
}
