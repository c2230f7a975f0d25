// The strip that says what is stuck, out or down. Its first line is always there, so that trouble moves nothing under the pointer.

import type { ComponentChildren } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { Pool } from '../../../../client/index.ts';
import { pathTo } from '../../../base.ts';
import { Countdown } from '../../../components/Time.tsx';
import { activity } from '../../../live/activity.ts';
import { connection } from '../../../live/events.ts';
import { now } from '../../../live/now.ts';
import { isNarrow } from '../list/listView.ts';
import { troubleOf, type TroubleFact } from './problems.ts';

interface ProblemsProps {
  pools: readonly Pool[];
  /** Whether the user is in the list: then the strip keeps its height. */
  holds: () => boolean;
}

export function Problems({ pools, holds }: ProblemsProps) {
  const [open, setOpen] = useState(false);
  const lines = useRef(1);
  const { value } = connection;
  const disconnectedSince = value.state === 'reconnecting' ? value.since : undefined;
  const facts = troubleOf({
    activity: activity.data.value,
    pools,
    disconnectedSince,
    now: now.value,
  });
  if (!holds() || open)
    lines.current = Math.max(1, open ? facts.length : Math.min(facts.length, isNarrow() ? 1 : mostLines));
  const shown = facts.slice(0, lines.current);
  const more = facts.length - shown.length;
  return (
    <section class="jobs-problems" aria-label="Problems" style={{ minHeight: `${lines.current * lineHeight}px` }}>
      <div role="status">
        <ul>
          {facts.length === 0 ? <li class="jobs-calm muted">Nothing is stuck, out or down.</li> : null}
          {shown.map((fact, at) => (
            <Line key={fact.text} fact={fact}>
              {/* The others would move the list. */}
              {more > 0 && at === shown.length - 1 ? (
                <button type="button" class="plain" onClick={() => setOpen(true)}>
                  and {more} more
                </button>
              ) : null}
            </Line>
          ))}
        </ul>
      </div>
    </section>
  );
}

const mostLines = 4;
/** px; as in jobs.css. */
const lineHeight = 36;

function Line({ fact: { severity, text, until, path }, children }: { fact: TroubleFact; children: ComponentChildren }) {
  return (
    <li class={`jobs-problem ${severity}`}>
      <span class="jobs-problem-text" dir="auto">
        <strong class="heard">{severity === 'danger' ? 'Problem: ' : 'Warning: '}</strong>
        {text}
      </span>
      {until === null ? null : (
        <span class="jobs-problem-until" aria-live="off">
          {until.what} <Countdown until={until.at} past="now" />
        </span>
      )}
      <a href={pathTo(path)}>{pages[path]}</a>
      {children}
    </li>
  );
}

const pages: Record<string, string> = {
  '/stuck': 'See stuck tasks',
  '/pools': 'See pools',
  '/installation': 'See checks',
};
