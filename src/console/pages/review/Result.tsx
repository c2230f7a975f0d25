// One result in review, with what it is compared with and the decision about it.

import { useState } from 'preact/hooks';
import type { Job, Task, ModelInput } from '../../../client/index.ts';
import { can } from '../../api/session.ts';
import { pathTo } from '../../base.ts';
import { Compare } from './Compare.tsx';
import { earlierPictures, earlierText, outputText, resultPictures, type Picture } from './compare.ts';
import { Decide } from './Decide.tsx';
import { taskName } from './decision.ts';
import { Facts } from './Facts.tsx';
import { TextCompare } from './TextCompare.tsx';
import { useInput } from './useCurrent.ts';

interface ResultProps {
  job: Job;
  task: Task;
  onDecided: (job: Job) => void;
  onTooLate: () => void;
}

export function Result({ job, task, onDecided, onTooLate }: ResultProps) {
  const input = useInput(job.id, task);
  const [isShown, setShown] = useState(false);
  const shown = (): void => setShown(true);
  const pictures = resultPictures(task);
  const alt = input?.tweak?.prompt ?? input?.prompt ?? job.prompt ?? 'the result';
  return (
    <div class="review-result">
      <div class="review-see">
        <h2 dir="auto">{taskName(task)}</h2>
        {input === undefined ? <p class="muted">Reading what the model got…</p> : null}
        {input !== undefined && pictures.length > 0 ? (
          <Pictures
            pictures={pictures}
            earlier={input === null ? [] : earlierPictures(input)}
            alt={alt.slice(0, 300)}
            onShown={shown}
          />
        ) : null}
        {input !== undefined && pictures.length === 0 ? <Text task={task} input={input} onShown={shown} /> : null}
      </div>
      <div class="review-side-panel">
        {can('jobs:write') ? (
          <Decide job={job.id} task={task} isShown={isShown} onDecided={onDecided} onTooLate={onTooLate} />
        ) : (
          <p class="muted">You may look, but not decide: that needs the scope jobs:write, and one tenant.</p>
        )}
        <Facts job={job} task={task} input={input ?? null} />
      </div>
    </div>
  );
}

function Text({ task, input, onShown }: { task: Task; input: ModelInput | null; onShown: () => void }) {
  return (
    <TextCompare
      before={input === null ? undefined : earlierText(input)}
      after={task.output === null ? '' : outputText(task.output)}
      onShown={onShown}
    />
  );
}

interface PicturesProps {
  pictures: readonly Picture[];
  earlier: readonly Picture[];
  alt: string;
  onShown: () => void;
}

function Pictures({ pictures, earlier, alt, onShown }: PicturesProps) {
  const [after, setAfter] = useState(pictures[0]!);
  const [before, setBefore] = useState(earlier[0]);
  return (
    <>
      <Compare before={before} after={after} alt={alt} onShown={onShown} />
      {pictures.length > 1 ? (
        <Choice label="Pictures of the result" pictures={pictures} chosen={after} onChoose={setAfter} />
      ) : null}
      {earlier.length === 0 ? null : (
        <Choice label="Compared with" pictures={earlier} chosen={before} onChoose={setBefore} />
      )}
    </>
  );
}

interface ChoiceProps {
  label: string;
  pictures: readonly Picture[];
  chosen: Picture | undefined;
  onChoose: (picture: Picture) => void;
}

function Choice({ label, pictures, chosen, onChoose }: ChoiceProps) {
  return (
    <div class="review-choices" role="group" aria-label={label}>
      <span class="muted">{label}</span>
      {pictures.map((picture) => (
        <button
          key={picture.href}
          type="button"
          class="plain review-pick"
          aria-pressed={picture.href === chosen?.href}
          onClick={() => onChoose(picture)}
        >
          <img src={pathTo(picture.href)} alt="" loading="lazy" />
          <span dir="auto">{picture.title}</span>
        </button>
      ))}
    </div>
  );
}
