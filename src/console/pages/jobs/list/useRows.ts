// The rows that are in the page, as the user scrolls.

import { useEffect, useState } from 'preact/hooks';
import type { JobsReader } from './jobsReader.ts';
import type { ListView } from './listView.ts';
import { withOverscan, type Stretch } from './virtualWindow.ts';

/** Further pages are read when so few rows are left below what is in sight. */
const readAhead = 150;

/** Reads further pages as the end comes near. */
export function useRows(reader: JobsReader, view: ListView): Stretch {
  const { length } = reader.list.rows;
  const [, render] = useState('');
  const inSight = view.inSight(length);
  useEffect(() => {
    const update = (): void => {
      const { first, end } = view.inSight(reader.list.rows.length);
      // Every few rows.
      render(`${first >> 2} ${end >> 2} ${view.rowHeight}`);
    };
    const stop = view.onForm(update);
    addEventListener('scroll', update, { passive: true });
    addEventListener('resize', update);
    update();
    return () => {
      stop();
      removeEventListener('scroll', update);
      removeEventListener('resize', update);
    };
  }, [reader, view]);
  useEffect(() => {
    if (length - inSight.end < readAhead) void reader.readMore();
  });
  return withOverscan(inSight, length);
}
