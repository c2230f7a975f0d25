// The mark of the latest scrape, in the memory of one process.

import { GenwardenError } from '../../src/job/errors/index.ts';
import type { ScrapeMark, ScrapeMarks } from '../../src/ports/scrapeMarks.ts';

export interface FakeScrapeMarks extends ScrapeMarks {
  readonly stored: ScrapeMark | undefined;
  /** As while NATS does not answer. */
  disconnected: boolean;
  /** What an operator does who deletes the key. */
  remove(): void;
}

export function fakeScrapeMarks(): FakeScrapeMarks {
  let stored: ScrapeMark | undefined;
  let revision = 0;
  const marks: FakeScrapeMarks = {
    disconnected: false,
    get stored() {
      return stored;
    },
    remove: () => {
      stored = undefined;
      revision += 1;
    },
    read: async () => {
      connected();
      return { mark: stored, revision };
    },
    replace: async (mark, expected) => {
      connected();
      if (expected !== revision) return undefined;
      stored = structuredClone(mark);
      revision += 1;
      return revision;
    },
  };
  const connected = (): void => {
    if (marks.disconnected) throw new GenwardenError('Unavailable', 'NATS did not answer.');
  };
  return marks;
}
