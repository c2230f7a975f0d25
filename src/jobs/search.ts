// The search in the list of jobs. It reads what the index has in memory, so it knows only how the first prompt begins.

import type { TaskIdentity } from '../job/identity.ts';

/** Whether a job fits, by the identity of its first task. */
export type Search = (first: TaskIdentity) => boolean;

/**
 * Every word of the text must be the start of the job's id, or a part of a label, of the pool or of the start of the first prompt.
 * Upper and lower case are the same.
 */
export function searchFor(text: string): Search {
  const words = folded(text)
    .split(/\s+/)
    .filter((word) => word !== '');
  return ({ job, pool, labels, promptStart = '' }) => {
    // A word has no line break, so it is found within one of the lines only.
    const lines = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
    const all = folded([...lines, pool, promptStart].join('\n'));
    return words.every((word) => job.startsWith(word) || all.includes(word));
  };
}

/** Composed, as the start of a prompt is. */
const folded = (text: string): string => text.normalize('NFC').toLowerCase();
