// What the model of a task gets: prompt, system instruction, schema, references and options.

import type { ComponentChildren } from 'preact';
import type { ModelInput } from '../../../../client/index.ts';
import { pathTo } from '../../../base.ts';
import { Problem } from '../../../components/Problem.tsx';
import { Thumbnail } from '../../../components/Thumbnail.tsx';
import { useQueryParameter } from '../../../components/useQuery.ts';
import { byteCount } from '../../../format.ts';
import { LargeText } from '../LargeText.tsx';
import type { JobFollower } from '../live/jobFollower.ts';
import { TaskSelect } from './TaskSelect.tsx';
import { useInput } from './useInput.ts';

export function InputTab({ follower }: { follower: JobFollower }) {
  const [chosen, choose] = useQueryParameter('task');
  const task = (follower.tasks.value[Number(chosen ?? 0)] ?? follower.tasks.value[0])!.value;
  const { input, error } = useInput(follower.id, task.index, task.run, task.state === 'waiting' ? 'waiting' : '');
  return (
    <div class="stack">
      <TaskSelect follower={follower} chosen={String(task.index)} choose={choose} />
      {error === undefined ? null : <Problem error={error} />}
      {input === undefined ? null : <Input input={input} />}
      {input === undefined && error === undefined ? <p class="muted">Reading the input…</p> : null}
    </div>
  );
}

function Input({ input }: { input: ModelInput }) {
  const { kind, model, prompt, system, schema, providerOptions, unresolved, tweak, metadata, references, after } =
    input;
  const facts = [
    ['kind', kind],
    ['model', model],
    ['aspect ratio', input.aspectRatio],
    ['size', input.imageSize],
    ['seed', input.seed],
    ['waits for', after.length === 0 ? null : after.join(', ')],
  ].filter(([, value]) => value !== null);
  return (
    <>
      <dl class="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {unresolved.length === 0 ? null : (
        <p class="muted">Not known before the tasks that it waits for have succeeded: {unresolved.join(', ')}</p>
      )}
      <Section title="Prompt">
        <LargeText text={prompt} label="Prompt" />
      </Section>
      {tweak === null ? null : (
        <Section title="Tweaked by a reviewer">
          <ul class="stack">
            {tweak.instructions.map((instruction) => (
              <li key={instruction} dir="auto">
                {instruction}
              </li>
            ))}
          </ul>
        </Section>
      )}
      {system === null ? null : (
        <Section title="System instruction">
          <LargeText text={system} label="System instruction" />
        </Section>
      )}
      <References references={references} />
      <JsonSection title="Schema of the answer" value={schema} />
      <JsonSection title="Provider options" value={providerOptions} />
      <JsonSection title="Metadata" value={metadata} />
    </>
  );
}

function Section({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="input-section">
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function JsonSection({ title, value }: { title: string; value: ModelInput['metadata'] }) {
  const isEmpty = value === null || (typeof value === 'object' && Object.keys(value).length === 0);
  if (isEmpty) return null;
  return (
    <Section title={title}>
      <LargeText text={JSON.stringify(value, null, 2)} label={title} />
    </Section>
  );
}

function References({ references }: Pick<ModelInput, 'references'>) {
  if (references.length === 0) return null;
  return (
    <Section title="References">
      <ul class="references">
        {references.map(({ index, href, caption, mediaType, bytes, result }) => (
          <li key={index} class="card">
            {href === null ? (
              <div class="task-picture empty muted">not there yet</div>
            ) : (
              <a href={pathTo(href)} target="_blank" rel="noreferrer">
                <Thumbnail href={href} alt={caption ?? `Reference ${index + 1}`} size="large" />
              </a>
            )}
            {caption === null ? null : <p dir="auto">{caption}</p>}
            <p class="muted">
              {result === null ? null : `${result.name} of ${result.task} `}
              {mediaType} {bytes === null ? null : byteCount(bytes)}
            </p>
          </li>
        ))}
      </ul>
    </Section>
  );
}
