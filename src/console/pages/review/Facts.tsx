// What a reviewer has to know about a result: what was asked for, what speaks against it, and how much time is left.

import type { Job, Task, ModelInput } from '../../../client/index.ts';
import { pathTo } from '../../base.ts';
import { Countdown, Moment } from '../../components/Time.tsx';
import { usageText } from './usage.ts';

interface FactsProps {
  job: Job;
  task: Task;
  input: ModelInput | null;
}

export function Facts({ job, task, input }: FactsProps) {
  return (
    <div class="review-facts">
      <Flags task={task} />
      <p>
        Without a decision it fails <Countdown until={task.dueAt} />, with <code>ReviewTimeout</code>, and keeps its
        result.
      </p>
      <section>
        <h2>Prompt</h2>
        <p dir="auto" class="review-prompt" tabIndex={0} role="region" aria-label="Prompt">
          {input?.tweak?.prompt ?? input?.prompt ?? job.prompt ?? ''}
        </p>
      </section>
      {input?.tweak === null || input?.tweak === undefined ? null : (
        <section>
          <h2>Instructions so far</h2>
          <ol class="review-instructions">
            {input.tweak.instructions.map((instruction, at) => (
              <li key={at} dir="auto">
                {instruction}
              </li>
            ))}
          </ol>
        </section>
      )}
      <Details job={job} task={task} />
    </div>
  );
}

function Flags({ task }: { task: Task }) {
  const { flags = [], message } = task;
  if (flags.length === 0 && task.reason !== 'CheckFailed') return null;
  return (
    <section class="review-flags">
      <h2>What speaks against it</h2>
      <ul>
        {flags.map(({ source, reason }) => (
          <li key={source + reason} dir="auto">
            <span aria-hidden="true">⚑</span> {reason} <span class="muted">({source})</span>
          </li>
        ))}
        {flags.length === 0 ? <li>{message}</li> : null}
      </ul>
    </section>
  );
}

function Details({ job, task }: { job: Job; task: Task }) {
  const labels = Object.entries(job.labels).map(([key, value]) => `${key}=${value}`);
  const metadata = task.metadata ?? job.metadata;
  return (
    <dl class="review-details">
      <dt>Job</dt>
      <dd>
        <a href={pathTo(`/jobs/${job.id}`)} class="mono">
          {job.id}
        </a>
      </dd>
      <dt>Submitted</dt>
      <dd>
        <Moment at={job.submittedAt} />
      </dd>
      <dt>Run</dt>
      <dd>
        {task.run}, attempt {task.attempt}
      </dd>
      <dt>Made by</dt>
      <dd>{task.used === null ? job.model : `${task.used.model} (${task.used.pool})`}</dd>
      {task.usage === null ? null : (
        <>
          <dt>Usage</dt>
          <dd>{usageText(task.usage)}</dd>
        </>
      )}
      {labels.length === 0 ? null : (
        <>
          <dt>Labels</dt>
          <dd dir="auto">{labels.join(', ')}</dd>
        </>
      )}
      {isEmpty(metadata) ? null : (
        <>
          <dt>Metadata</dt>
          <dd class="mono" dir="auto">
            {JSON.stringify(metadata)}
          </dd>
        </>
      )}
    </dl>
  );
}

const isEmpty = (value: unknown): boolean =>
  value === null || value === undefined || (typeof value === 'object' && Object.keys(value).length === 0);
