// A picture in full, with those before and after it: by buttons or the arrow keys.

import { useEffect, useState } from 'preact/hooks';
import type { Artifact, Task } from '../../../../client/index.ts';
import { pathTo } from '../../../base.ts';
import { Dialog } from '../../../components/Dialog.tsx';
import { useQueryParameter } from '../../../components/useQuery.ts';
import { amount, byteCount, duration } from '../../../format.ts';
import type { JobFollower } from '../live/jobFollower.ts';
import { taskName } from '../timeline/words.ts';
import { useInput } from '../tabs/useInput.ts';
import { taskFileName } from '../zip/names.ts';
import { imagesOf, neighbours } from './pictures.ts';

export function PictureDialog({ follower }: { follower: JobFollower }) {
  const [picture, show] = useQueryParameter('picture');
  const task = picture === undefined ? undefined : follower.tasks.value[Number(picture)]?.value;
  if (task === undefined) return null;
  return <OpenPicture follower={follower} task={task} show={show} />;
}

interface OpenPictureProps {
  follower: JobFollower;
  task: Task;
  show: (task: string | undefined) => void;
}

function OpenPicture({ follower, task, show }: OpenPictureProps) {
  const tasks = follower.tasks.value.map((each) => each.peek());
  const { previous, next } = neighbours(tasks, task.index);
  const go = (side: 'previous' | 'next'): void => {
    // From the picture in the address: the last step may not have been rendered yet.
    const shown = Number(new URLSearchParams(location.search).get('picture'));
    const to = neighbours(tasks, shown)[side];
    if (to !== undefined) show(String(to));
  };
  useEffect(() => {
    const press = ({ key }: KeyboardEvent): void => {
      if (key === 'ArrowLeft') go('previous');
      if (key === 'ArrowRight') go('next');
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  });
  const images = imagesOf(task);
  return (
    <Dialog title={taskName(task)} onClose={() => show(undefined)} wide>
      <div class="picture-dialog">
        {images.length === 0 ? <p class="muted">The task has no picture now: {task.message}</p> : null}
        {images.map((image) => (
          <FullPicture key={image.href} follower={follower} task={task} image={image} />
        ))}
        <div class="row spread">
          <button
            type="button"
            disabled={previous === undefined}
            aria-keyshortcuts="ArrowLeft"
            onClick={() => go('previous')}
          >
            ‹ Previous
          </button>
          <button type="button" disabled={next === undefined} aria-keyshortcuts="ArrowRight" onClick={() => go('next')}>
            Next ›
          </button>
        </div>
      </div>
    </Dialog>
  );
}

function FullPicture({ follower, task, image }: { follower: JobFollower; task: Task; image: Artifact }) {
  const [gone, setGone] = useState(false);
  const { input } = useInput(follower.id, task.index, task.run);
  const prompt = input?.prompt;
  const { width, height, bytes, mediaType, href, digest } = image;
  const { used, usage, attempt, run, worker } = task;
  return (
    <figure class="stack">
      {gone ? (
        <p class="problem" role="alert">
          The picture is gone: its bytes are no longer in the artifact store, or the job was deleted.
        </p>
      ) : (
        <img
          class="picture-full"
          src={pathTo(href)}
          width={width}
          height={height}
          alt={prompt ?? `The picture of ${taskName(task)}`}
          onError={() => setGone(true)}
        />
      )}
      <figcaption class="stack picture-facts">
        {prompt === undefined ? null : <p dir="auto">{prompt}</p>}
        <p class="muted">
          {width === undefined ? '' : `${width} × ${height} · `}
          {byteCount(bytes)} · {mediaType}
          {used === null ? '' : ` · ${used.model}`} · run {run}, attempt {attempt}
          {usage === null || usage.durationMs === null ? '' : ` · call ${duration(usage.durationMs)}`}
          {usage?.cost === undefined ? '' : ` · cost ${amount(usage.cost)}`}
          {worker === null ? '' : ` · ${worker}`}
        </p>
        <p class="muted mono">{digest}</p>
        <p class="row">
          <a class="button" href={pathTo(href)} download={taskFileName(task, image)}>
            Download
          </a>
          <a href={pathTo(href)} target="_blank" rel="noreferrer">
            Open in a new tab
          </a>
        </p>
      </figcaption>
    </figure>
  );
}
