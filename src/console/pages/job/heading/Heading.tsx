// The facts of a job, in the order in which people ask for them.

import { useState } from 'preact/hooks';
import type { Job } from '../../../../client/index.ts';
import { pathTo } from '../../../base.ts';
import { CopyButton } from '../../../components/Copy.tsx';
import { Problem } from '../../../components/Problem.tsx';
import { ProgressBar } from '../../../components/ProgressBar.tsx';
import { StateBadge } from '../../../components/StateBadge.tsx';
import { Countdown, Elapsed, Moment } from '../../../components/Time.tsx';
import { amount, count, counted } from '../../../format.ts';
import { isWide } from '../isWide.ts';
import { Fact } from '../Fact.tsx';
import { LargeText } from '../LargeText.tsx';
import { TraceLink } from '../TraceLink.tsx';
import type { JobFollower } from '../live/jobFollower.ts';
import { useInput } from '../tabs/useInput.ts';

export function Heading({ follower, job }: { follower: JobFollower; job: Job }) {
  return (
    <section class="job-heading" aria-label="Facts about the job">
      <div class="row job-line">
        <span role="status">
          <StateBadge state={job.state} />
        </span>
        <ProgressBar progress={job.progress} />
        <span class="mono">{job.id}</span>
        <CopyButton text={job.id} label="Copy the ID" />
        <Labels labels={job.labels} />
        <WholePrompt follower={follower} />
      </div>
      <Facts job={job} />
    </section>
  );
}

/** Folded on a phone, where they would fill the window. */
function Facts({ job }: { job: Job }) {
  const [isOpen] = useState(isWide);
  return (
    <details class="job-facts" open={isOpen}>
      <summary>
        Submitted <Moment at={job.submittedAt} />, {job.finishedAt === null ? 'so far' : 'took'}{' '}
        <Elapsed from={job.submittedAt} to={job.finishedAt} />
      </summary>
      <dl class="facts">
        <Fact name="submitted">
          <Moment at={job.submittedAt} />
        </Fact>
        <Times job={job} />
        <Fact name="kind, priority">
          {job.kind}, {job.priority}
        </Fact>
        <Fact name="pool">
          <a href={pathTo(`/pools#${job.pool}`)}>{job.pool}</a>
        </Fact>
        <Fact name="model">{job.model}</Fact>
        {job.group === null ? null : <Fact name="group">{job.group}</Fact>}
        <Spending job={job} />
        <Trace job={job} />
      </dl>
    </details>
  );
}

function Times({ job }: { job: Job }) {
  return (
    <>
      {job.finishedAt === null ? (
        <Fact name="ends at the latest">
          <Moment at={job.deadlineAt} plain /> <Countdown until={job.deadlineAt} />
        </Fact>
      ) : (
        <Fact name="finished">
          <Moment at={job.finishedAt} />
        </Fact>
      )}
      <Fact name={job.finishedAt === null ? 'so far' : 'took'}>
        <Elapsed from={job.submittedAt} to={job.finishedAt} />
      </Fact>
    </>
  );
}

function Spending({ job: { usage } }: { job: Job }) {
  if (usage === null) return <Fact name="usage">no paid call yet</Fact>;
  const { inputTokens, outputTokens, paidCalls, cost } = usage;
  const calls = `${counted(paidCalls, 'paid call')}, ${count(inputTokens + outputTokens)} tokens`;
  return (
    <Fact name={cost === undefined ? 'usage' : 'cost, usage'}>
      {cost === undefined ? calls : `${amount(cost)}, ${calls}`}
    </Fact>
  );
}

/** The id alone is of use in logs. */
function Trace({ job: { traceId, traceUrl } }: { job: Job }) {
  if (traceId === null || traceId === undefined) return null;
  return (
    <Fact name="trace">
      <span class="row">
        {traceUrl === undefined ? (
          <span class="mono">{traceId}</span>
        ) : (
          <TraceLink url={traceUrl} text="Open the trace" />
        )}
        <CopyButton text={traceId} label="Copy the trace ID" />
      </span>
    </Fact>
  );
}

function Labels({ labels }: { labels: Record<string, string> }) {
  return (
    <>
      {Object.entries(labels).map(([key, value]) => (
        <a
          key={key}
          class="job-label"
          dir="auto"
          href={pathTo(`/?label=${encodeURIComponent(`${key}=${value}`)}`)}
          title="Jobs with this label"
        >
          {key}={value}
        </a>
      ))}
    </>
  );
}

/** The title has the beginning of the first task's prompt. */
function WholePrompt({ follower }: { follower: JobFollower }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button type="button" class="plain" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {isOpen ? 'Hide the prompt' : 'Whole prompt'}
      </button>
      {isOpen ? <Prompt follower={follower} /> : null}
    </>
  );
}

function Prompt({ follower }: { follower: JobFollower }) {
  const { input, error } = useInput(follower.id, 0, 1);
  return (
    <div class="job-prompt">
      {error === undefined ? null : <Problem error={error} />}
      {input === undefined ? null : <LargeText text={input.prompt} label="Prompt of the first task" />}
    </div>
  );
}
