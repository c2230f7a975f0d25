// One job of the list.

import { Component } from 'preact';
import type { ListedJob } from '../../../../client/index.ts';
import { pathTo } from '../../../base.ts';
import { ProgressBar } from '../../../components/ProgressBar.tsx';
import { StateBadge } from '../../../components/StateBadge.tsx';
import { Thumbnail } from '../../../components/Thumbnail.tsx';
import { agoText, Countdown, Elapsed } from '../../../components/Time.tsx';
import { clockTime } from '../../../format.ts';
import { now } from '../../../live/now.ts';
import type { Row } from './jobList.ts';
import { roles } from '../../../components/tableRoles.ts';
import { waitWords } from './waiting.ts';

export interface JobRowProps {
  row: Row;
  index: number;
  height: number;
  selected: boolean;
  current: boolean;
  /** The list has jobs of several tenants. */
  showsTenant: boolean;
  onSelect: (id: string, event: MouseEvent) => void;
}

/** Rendered again only when its job, its place or its selection has changed. */
export class JobRow extends Component<JobRowProps> {
  override shouldComponentUpdate(next: JobRowProps): boolean {
    return (Object.keys(next) as (keyof JobRowProps)[]).some((name) => next[name] !== this.props[name]);
  }

  override render({ row, index, height, selected, current, showsTenant, onSelect }: JobRowProps) {
    const { job } = row;
    const title = titleOf(job);
    const marks = {
      faded: row.faded,
      current,
      selected,
      waits: job.waitingFor !== null,
      reviewed: job.state === 'needs_review',
    };
    const classes = ['jobs-row', ...Object.entries(marks).flatMap(([name, isOn]) => (isOn ? [name] : []))];
    return (
      <tr
        {...roles.row}
        class={classes.join(' ')}
        aria-rowindex={index + 2}
        data-job={job.id}
        style={{ height: `${height}px`, transform: `translateY(${index * height}px)` }}
      >
        <td {...roles.cell} class="jobs-select">
          <label>
            <input
              type="checkbox"
              checked={selected}
              aria-label={`Select ${title}`}
              onClick={(event) => onSelect(job.id, event)}
            />
          </label>
        </td>
        <td {...roles.cell} class="jobs-state">
          <StateBadge state={job.state} />
        </td>
        <td {...roles.cell} class="jobs-pictures">
          <Pictures job={job} title={title} />
        </td>
        <td {...roles.cell} class="jobs-title">
          <a href={pathTo(`/jobs/${job.id}`)} dir="auto">
            {title}
          </a>
          <Subtitle job={job} />
        </td>
        <td {...roles.cell} class="jobs-why">
          <Why job={job} />
        </td>
        <td {...roles.cell} class="jobs-pool">
          <span class="jobs-line">{job.pool}</span>
          {showsTenant ? <span class="jobs-line jobs-second">{job.tenant}</span> : null}
        </td>
        <td {...roles.cell} class="jobs-tasks">
          <ProgressBar progress={job.progress} />
        </td>
        <td {...roles.cell} class="jobs-submitted">
          <Submitted at={job.submittedAt} />
        </td>
        <td {...roles.cell} class="jobs-duration">
          <Elapsed from={job.startedAt} to={job.finishedAt} />
        </td>
      </tr>
    );
  }
}

/** The prompt's start; without one the labels, or the ID. */
function titleOf({ prompt, labels, id }: ListedJob): string {
  return prompt || labelText(labels) || id;
}

const labelText = (labels: Record<string, string>): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(' · ');

/** The labels, or the ID, unless they are the title. */
function Subtitle({ job: { prompt, labels, id } }: { job: ListedJob }) {
  const text = labelText(labels);
  const isTitle = !prompt;
  if (isTitle && text === '') return null;
  const isId = isTitle || text === '';
  return (
    <span class={`jobs-line jobs-second jobs-subtitle ${isId ? 'jobs-id' : ''}`} dir="auto">
      {isId ? id : text}
    </span>
  );
}

const mostPictures = 5;

/** Those that have arrived, and the places of those to come. */
function Pictures({ job, title }: { job: ListedJob; title: string }) {
  const { thumbnails, kind, progress } = job;
  const shown = thumbnails ?? [];
  const open = progress.total - progress.succeeded - progress.needs_review - progress.failed - progress.cancelled;
  const places = kind === 'image' ? Math.max(0, Math.min(mostPictures - shown.length, open)) : 0;
  return (
    <span class="jobs-strip">
      {shown.map(({ task, href }) => (
        <Thumbnail key={href} href={href} alt={`Picture ${task + 1} of ${title}`} />
      ))}
      {Array.from({ length: places }, (_, at) => (
        <span key={at} class="thumbnail jobs-place" />
      ))}
    </span>
  );
}

function Why({ job: { waitingFor, state } }: { job: ListedJob }) {
  if (waitingFor === null) return null;
  const { reason, next } = waitWords(waitingFor);
  return (
    <>
      <span class={`jobs-line jobs-reason ${state}`}>{reason}</span>
      <span class="jobs-line jobs-second">
        {waitingFor.until === null ? null : (
          <>
            {next} <Countdown until={waitingFor.until} />
            {' · '}
          </>
        )}
        {waitingFor.detail}
      </span>
    </>
  );
}

/** To the second; the day beside the age if it was another day. */
function Submitted({ at }: { at: string }) {
  const shown = clockTime(at, now.value).split(' ');
  return (
    <time dateTime={at} title={at}>
      <span class="jobs-line">{shown.at(-1)}</span>
      <span class="jobs-line jobs-second">
        {shown.length > 1 ? `${shown[0]}, ` : ''}
        {agoText(at, now.value)}
      </span>
    </time>
  );
}
