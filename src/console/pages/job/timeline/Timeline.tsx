// The timeline of a job: a row for each task, time from left to right. A click or Enter on a span shows what happened in it.

import { computed } from '@preact/signals';
import type { RefObject } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useQueryParameter } from '../../../components/useQuery.ts';
import { now } from '../../../live/now.ts';
import type { JobFollower } from '../live/jobFollower.ts';
import { axisOf, ticksOf, xOf, type Axis, type Tick } from './axis.ts';
import { Legend } from './Legend.tsx';
import { SpanDetails } from './SpanDetails.tsx';
import { spansOf, type Row, type Span } from './spans.ts';
import { TimelineRow } from './TimelineRow.tsx';
import { useVisibleRows } from './useVisibleRows.ts';
import './timeline.css';
import './span.css';
import './legend.css';
import './details.css';

/** px, as in the style sheet. */
const rowHeight = 32;
const zooms = [1, 2, 4, 8, 16, 32];

export function Timeline({ follower }: { follower: JobFollower }) {
  const rows = useRows(follower);
  const axis = axisOf(rows, now.value);
  const [zoom, setZoom] = useState(1);
  const [selected, select] = useQueryParameter('span');
  const span = selected === undefined ? undefined : spanOf(rows, selected);
  if (axis === undefined) return <p class="muted">The history of the job has not arrived yet.</p>;
  return (
    <div class="timeline">
      <div class="row spread">
        <Legend />
        <Zoom zoom={zoom} setZoom={setZoom} />
      </div>
      <Chart follower={follower} rows={rows} axis={axis} zoom={zoom} selected={span} select={select} />
      {span === undefined ? (
        <p class="muted">Select a span to see what happened in it. Arrow keys move between spans.</p>
      ) : (
        <SpanDetails rows={rows} span={span} select={select} traceUrl={follower.job.value?.traceUrl} />
      )}
    </div>
  );
}

/** By its id, or by that of the transition that ended it. */
const spanOf = (rows: readonly Row[], id: string): Span | undefined =>
  rows
    .flatMap(({ spans }) => spans)
    .findLast((span) => span.id === id || `${span.task}-${span.ended?.sequence}` === id);

/** Renders again with every change of a state or of a time limit, and once a second; not with progress. */
function useRows({ tasks, history }: JobFollower): Row[] {
  const key = useMemo(
    () =>
      computed(() =>
        tasks.value
          .map(({ value }) => `${value.state} ${value.dueAt} ${value.retryAt} ${value.waitingFor?.reason}`)
          .join(),
      ),
    [tasks],
  );
  const shown = useMemo(() => tasks.peek().map((task) => task.peek()), [key.value, tasks.value]);
  return useMemo(
    () => spansOf(history.value, { tasks: shown }, now.value),
    [history.value, shown, shown.some(({ dueAt }) => dueAt !== null) ? now.value : 0],
  );
}

interface ChartProps {
  follower: JobFollower;
  rows: readonly Row[];
  axis: Axis;
  zoom: number;
  selected: Span | undefined;
  select: (id: string | undefined) => void;
}

function Chart({ follower, rows, axis, zoom, selected, select }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const { first, end } = useVisibleRows(box, rows.length, rowHeight);
  useRowInView(box, rows, selected);
  const ticks = ticksOf(axis, 8 * zoom, localOffset(axis));
  const isOpen = rows.some(({ future }) => future !== undefined);
  const visible = rows.slice(first, end);
  const reachable = selected ?? longestOf(visible.find(({ spans }) => spans.length > 0));
  return (
    <div class="timeline-box" ref={box} role="group" aria-label="Timeline">
      <div class="timeline-canvas" style={{ width: zoom === 1 ? undefined : `${zoom * 100}%` }}>
        <div class="timeline-axis" aria-hidden="true">
          <Marks axis={axis} ticks={ticks} isOpen={isOpen} zoom={zoom} labels />
        </div>
        <div class="timeline-rows" style={{ height: `${rows.length * rowHeight}px` }}>
          <div class="timeline-grid" aria-hidden="true">
            <Marks axis={axis} ticks={ticks} isOpen={isOpen} zoom={zoom} />
          </div>
          <ol>
            {visible.map((row, at) => (
              <TimelineRow
                key={row.task}
                follower={follower}
                row={row}
                axis={axis}
                top={(first + at) * rowHeight}
                selected={selected?.id}
                reachable={reachable?.id}
                select={select}
              />
            ))}
          </ol>
        </div>
      </div>
    </div>
  );
}

/** Easier to hit than the first one, which may be a moment. */
const longestOf = (row: Row | undefined): Span | undefined =>
  row?.spans.toSorted((a, b) => b.to - b.from - (a.to - a.from))[0];

/** Scrolls to the row of a span that was selected elsewhere. */
function useRowInView(box: RefObject<HTMLElement | null>, rows: readonly Row[], selected: Span | undefined): void {
  const at = rows.findIndex(({ task }) => task === selected?.task);
  useEffect(() => {
    const element = box.current!;
    const top = at * rowHeight;
    const isVisible = top >= element.scrollTop && top < element.scrollTop + element.clientHeight - 2 * rowHeight;
    if (at >= 0 && !isVisible) element.scrollTop = top - 2 * rowHeight;
  }, [at]);
}

/** What to add to UTC for the browser's time of day, ms. */
const localOffset = ({ pieces }: Axis): number => -new Date(pieces[0]!.from).getTimezoneOffset() * 60_000;

/** Whether a label has room: beside the word "now", and before the end. Widths are parts of a chart of 900 px. */
const isFree = (x: number, present: number, zoom: number): boolean =>
  (x + 0.07 / zoom < present || x > present + 0.045 / zoom) && x < 1 - 0.07 / zoom;

interface MarksProps {
  axis: Axis;
  ticks: readonly Tick[];
  isOpen: boolean;
  zoom: number;
  labels?: boolean;
}

/** The lines of round times, of the present, and of time that was cut out. */
function Marks({ axis, ticks, isOpen, zoom, labels = false }: MarksProps) {
  const present = isOpen ? xOf(axis, now.value) : 2;
  return (
    <>
      {ticks.map(({ at, x, label }) => (
        <span key={at} class="timeline-tick" style={{ left: `${x * 100}%` }}>
          {labels && isFree(x, present, zoom) ? label : null}
        </span>
      ))}
      {axis.pieces.slice(1).map(({ start, from }, at) => {
        const { end } = axis.pieces[at]!;
        const style = { left: `${end * 100}%`, width: `${(start - end) * 100}%` };
        return (
          <span key={from} class="timeline-cut" style={style} title="Time in which nothing happened was cut out" />
        );
      })}
      {isOpen ? (
        <span class="timeline-now" style={{ left: `${present * 100}%` }}>
          {labels ? 'now' : null}
        </span>
      ) : null}
    </>
  );
}

function Zoom({ zoom, setZoom }: { zoom: number; setZoom: (zoom: number) => void }) {
  const at = zooms.indexOf(zoom);
  return (
    <span class="row timeline-zoom">
      <button type="button" aria-label="Zoom out" disabled={at === 0} onClick={() => setZoom(zooms[at - 1]!)}>
        −
      </button>
      <span class="muted" aria-live="polite">
        {zoom} ×
      </span>
      <button
        type="button"
        aria-label="Zoom in"
        disabled={at === zooms.length - 1}
        onClick={() => setZoom(zooms[at + 1]!)}
      >
        +
      </button>
    </span>
  );
}
