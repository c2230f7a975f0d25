// What stands around the rows: the button that shows what is new, and what the list does not have.

import { clockTime, count } from '../../../format.ts';
import { now } from '../../../live/now.ts';
import { mostRows, type JobsReader } from './jobsReader.ts';

/** Over the list, where it moves no row. */
export function NewJobs({ reader, onShow }: { reader: JobsReader; onShow: () => void }) {
  void reader.version.value;
  const { above } = reader.list;
  return (
    <div class="jobs-new" role="status">
      {above === 0 ? null : (
        <button type="button" class="primary" onClick={onShow}>
          {count(above)} new ↑
        </button>
      )}
    </div>
  );
}

export function EndOfList({ reader }: { reader: JobsReader }) {
  void reader.version.value;
  const { rows, next, complete, since } = reader.list;
  if (reader.isFull) {
    return <p class="muted">The list ends after {count(mostRows)} jobs. Use a filter to see older ones.</p>;
  }
  if (next !== null) return next === undefined ? null : <p class="muted">Older jobs follow as you scroll.</p>;
  return (
    <p class="muted">
      {rows.length === 0 ? '' : `${count(rows.length)} ${rows.length === 1 ? 'job' : 'jobs'}. `}
      {complete || since === null
        ? null
        : `The API's index reaches back to ${clockTime(since, now.value)}: finished jobs that were submitted before are not listed, but have their pages.`}
    </p>
  );
}
