// One task in the timeline: its name, and its spans, marks and time limit on the axis.

import { StateBadge, stateShape } from '../../../components/StateBadge.tsx';
import { Thumbnail } from '../../../components/Thumbnail.tsx';
import { useQueryParameter } from '../../../components/useQuery.ts';
import { duration } from '../../../format.ts';
import { now } from '../../../live/now.ts';
import type { JobFollower } from '../live/jobFollower.ts';
import { thumbnailOf } from '../pictures/pictures.ts';
import { xOf, type Axis } from './axis.ts';
import { moveFocus } from './spanKeys.ts';
import type { Mark, Row, Span } from './spans.ts';
import { shortText, spanLabel, taskName } from './words.ts';

interface TimelineRowProps {
  follower: JobFollower;
  row: Row;
  axis: Axis;
  /** px. */
  top: number;
  selected: string | undefined;
  /** The span that Tab leads to: the arrow keys lead to the others. */
  reachable: string | undefined;
  select: (id: string | undefined) => void;
}

export function TimelineRow({ follower, row, axis, top, selected, reachable, select }: TimelineRowProps) {
  const name = taskName({ index: row.task, name: row.name });
  return (
    <li class="timeline-row" style={{ top: `${top}px` }}>
      <Name follower={follower} row={row} name={name} />
      <div class="timeline-track">
        <FutureLine row={row} axis={axis} />
        {row.spans.map((span) => (
          <SpanButton
            key={span.id}
            span={span}
            axis={axis}
            name={name}
            isSelected={span.id === selected}
            isReachable={span.id === reachable}
            select={select}
          />
        ))}
        {row.marks.map((mark) => (
          <MarkSign key={`${mark.kind}${mark.at}`} mark={mark} axis={axis} />
        ))}
      </div>
    </li>
  );
}

function Name({ follower, row, name }: { follower: JobFollower; row: Row; name: string }) {
  const [, open] = useQueryParameter('picture');
  const task = follower.tasks.value[row.task]?.peek();
  const thumbnail = task === undefined ? undefined : thumbnailOf(task);
  return (
    <span class="timeline-name">
      {thumbnail === undefined ? (
        <span class="timeline-no-picture" aria-hidden="true" />
      ) : (
        <button
          type="button"
          class="plain timeline-picture"
          aria-label={`Open the picture of ${name}`}
          onClick={() => open(String(row.task))}
        >
          <Thumbnail href={thumbnail} alt="" />
        </button>
      )}
      <StateBadge state={row.state} short />
      <span class="cut" dir="auto" title={name}>
        {name}
      </span>
    </span>
  );
}

interface SpanButtonProps {
  span: Span;
  axis: Axis;
  name: string;
  isSelected: boolean;
  isReachable: boolean;
  select: (id: string | undefined) => void;
}

function SpanButton({ span, axis, name, isSelected, isReachable, select }: SpanButtonProps) {
  const start = xOf(axis, span.from);
  const style = { left: `${start * 100}%`, width: `${(xOf(axis, span.to) - start) * 100}%` };
  return (
    <button
      type="button"
      class={`span ${span.kind} ended-${span.outcome}${span.cause === null ? '' : ' caused'}`}
      style={style}
      aria-label={spanLabel(span, name, now.value)}
      aria-pressed={isSelected}
      tabIndex={isReachable ? 0 : -1}
      data-span={span.id}
      onClick={() => select(isSelected ? undefined : span.id)}
      onKeyDown={moveFocus}
    >
      <span class="span-text" aria-hidden="true">
        {shortText(span)}
      </span>
    </button>
  );
}

/** A shape where it happened; an end has its words beside it, because nothing follows it. */
function MarkSign({ mark, axis }: { mark: Mark; axis: Axis }) {
  const { kind, text, at } = mark;
  const isEnd = kind === 'succeeded' || kind === 'failed' || kind === 'cancelled';
  const shape = kind === 'run' ? '↻' : stateShape(kind === 'fault' ? 'failed' : kind);
  return (
    <span class={`timeline-mark ${kind}`} style={{ left: `${xOf(axis, at) * 100}%` }} aria-hidden="true" title={text}>
      <span class="timeline-sign">{shape}</span>
      {isEnd && kind !== 'succeeded' ? <span class="timeline-code">{text}</span> : null}
    </span>
  );
}

/** From now to the moment by which the task changes; beyond the axis it ends in an arrow. */
function FutureLine({ row: { future }, axis }: { row: Row; axis: Axis }) {
  if (future === undefined) return null;
  const end = axis.pieces.at(-1)!.to;
  const left = xOf(axis, now.value);
  const isBeyond = future.at > end;
  const width = Math.max(0, (isBeyond ? 1 : xOf(axis, future.at)) - left);
  const says = `${future.says} in ${duration(future.at - now.value)}`;
  return (
    <span
      class={isBeyond ? 'timeline-future beyond' : 'timeline-future'}
      style={{ left: `${left * 100}%`, width: `${width * 100}%` }}
      aria-hidden="true"
      title={says}
    />
  );
}
