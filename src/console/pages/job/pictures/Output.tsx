// The text of a task: as it is written while it runs, then its output.

import { useState } from 'preact/hooks';
import type { Json, Task } from '../../../../client/index.ts';
import { api } from '../../../api/client.ts';
import { Problem } from '../../../components/Problem.tsx';
import { count } from '../../../format.ts';
import { LargeText } from '../LargeText.tsx';
import type { JobFollower } from '../live/jobFollower.ts';
import { taskName } from '../timeline/words.ts';

export function Output({ follower, task }: { follower: JobFollower; task: Task }) {
  const { state, output, artifacts, index } = task;
  const label = `Output of ${taskName(task)}`;
  if (state === 'running') return <RunningText text={follower.text(index).value} />;
  if (output !== null) return <LargeText text={pretty(output)} label={label} />;
  const stored = artifacts.find(({ name }) => name === 'output');
  if (stored !== undefined) return <StoredOutput key={task.run} follower={follower} task={task} label={label} />;
  return <div class="task-picture empty muted">{task.dueAt === null ? 'no output' : 'no output yet'}</div>;
}

/** A text as it is, everything else as JSON. */
const pretty = (output: Json): string => (typeof output === 'string' ? output : JSON.stringify(output, null, 2));

/** Characters. Of a text that is being written, its end is shown. */
const shownEnd = 4_000;

function RunningText({ text }: { text: string }) {
  if (text === '') return <div class="task-picture empty muted">nothing written yet</div>;
  return (
    <div class="running-text">
      <p class="muted">Being written, not a result yet ({count(text.length)} characters):</p>
      <pre dir="auto" tabIndex={0} aria-label="The text so far" class="code-text">
        {text.length > shownEnd ? `…${text.slice(-shownEnd)}` : text}
      </pre>
    </div>
  );
}

function StoredOutput({ follower, task, label }: { follower: JobFollower; task: Task; label: string }) {
  const [text, setText] = useState<string | undefined>(undefined);
  const [error, setError] = useState<unknown>(undefined);
  const { bytes, mediaType } = task.artifacts.find(({ name }) => name === 'output')!;
  async function read(): Promise<void> {
    try {
      const artifact = await api.downloadArtifact(follower.id, task.index, 'output', { run: task.run });
      const whole = new TextDecoder().decode(artifact.bytes);
      setText(mediaType.startsWith('application/json') ? pretty(JSON.parse(whole) as Json) : whole);
    } catch (thrown) {
      setError(thrown);
    }
  }
  if (error !== undefined) return <Problem error={error} />;
  return <LargeText text={text} bytes={bytes} label={label} read={read} />;
}
