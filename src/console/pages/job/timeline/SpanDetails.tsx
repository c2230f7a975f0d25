// What happened in the selected span, in words, with exact times.

import { useEffect, useRef } from 'preact/hooks';
import { amount, duration, preciseTime } from '../../../format.ts';
import { Countdown, Elapsed } from '../../../components/Time.tsx';
import { now } from '../../../live/now.ts';
import { ErrorFacts } from '../ErrorFacts.tsx';
import { Fact } from '../Fact.tsx';
import { TraceLink } from '../TraceLink.tsx';
import type { Row, Span } from './spans.ts';
import { endText, spanTitle, taskName } from './words.ts';

interface SpanDetailsProps {
  rows: readonly Row[];
  span: Span;
  select: (id: string | undefined) => void;
  /** Of the job, if its trace is recorded. */
  traceUrl: string | undefined;
}

export function SpanDetails({ rows, span, select, traceUrl }: SpanDetailsProps) {
  const row = rows.find(({ task }) => task === span.task)!;
  const at = row.spans.indexOf(span);
  const name = taskName({ index: row.task, name: row.name });
  const section = useRef<HTMLElement>(null);
  useEffect(() => section.current!.scrollIntoView({ block: 'nearest' }), [span.id]);
  return (
    <section ref={section} class="card span-details" aria-label={`${name}: ${spanTitle(span)}`}>
      <div class="row spread">
        <h2>
          <bdi>{name}</bdi>: {spanTitle(span)}
        </h2>
        <span class="row">
          <Step label="Previous span" text="‹" to={row.spans[at - 1]} select={select} />
          <Step label="Next span" text="›" to={row.spans[at + 1]} select={select} />
          <button type="button" class="plain" aria-label="Close" onClick={() => select(undefined)}>
            ✕
          </button>
        </span>
      </div>
      <Facts span={span} row={row} />
      <Story span={span} />
      {span.kind === 'running' ? <TraceLink url={traceUrl} text="Open the trace of this job" /> : null}
    </section>
  );
}

interface StepProps {
  label: string;
  text: string;
  to: Span | undefined;
  select: (id: string) => void;
}

function Step({ label, text, to, select }: StepProps) {
  return (
    <button type="button" aria-label={label} disabled={to === undefined} onClick={() => select(to!.id)}>
      {text}
    </button>
  );
}

function Facts({ span: { began, from, to, isOpen }, row }: { span: Span; row: Row }) {
  return (
    <dl class="facts">
      <Fact name="from">{preciseTime(from, now.value)}</Fact>
      <Fact name="to">{isOpen ? 'now' : preciseTime(to, now.value)}</Fact>
      <Fact name="duration">{isOpen ? <Elapsed from={began.at} to={null} /> : duration(to - from)}</Fact>
      <Fact name="run, attempt">
        {began.run}, {began.attempt === 0 ? 'none yet' : began.attempt}
      </Fact>
      {began.worker === null ? null : <Fact name="worker">{began.worker}</Fact>}
      {began.lane === null ? null : <Fact name="lane">{began.lane}</Fact>}
      {began.attemptsLost === 0 ? null : <Fact name="workers lost">{began.attemptsLost}</Fact>}
      {isOpen && row.future !== undefined ? (
        <Fact name={row.future.says}>
          <Countdown until={new Date(row.future.at).toISOString()} />
        </Fact>
      ) : null}
    </dl>
  );
}

/** How it began and how it ended, as the transitions say it. */
function Story({ span: { began, ended, kind } }: { span: Span }) {
  const usage = ended?.usage ?? null;
  return (
    <div class="stack span-story">
      <p dir="auto">{began.message === '' ? began.reason : began.message}</p>
      {kind === 'running' || began.error === null ? null : <ErrorFacts error={began.error} />}
      {ended === undefined ? null : (
        <p dir="auto">
          <strong>Then {endText(ended)}.</strong> {ended.message}
        </p>
      )}
      {ended === undefined || ended.error === null ? null : <ErrorFacts error={ended.error} />}
      {usage === null ? null : (
        <p class="muted">
          The provider took {duration(usage.durationMs)}; {usage.inputTokens} input and {usage.outputTokens} output
          tokens
          {usage.cost === undefined ? '' : `, cost ${amount(usage.cost)}`}.
        </p>
      )}
    </div>
  );
}
