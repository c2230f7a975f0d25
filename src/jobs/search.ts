// The search in the list of jobs. It reads what the index has in memory, so it knows only how the first prompt begins.

import type { TaskIdentity } from '../job/identity.ts';

/** Whether a job fits, by the identity of its first task. */
export type Search = (first: TaskIdentity) => boolean;

/**
 * Every word of the text must be the start of the job's id, or a part of a label, of the pool or of the start of the first prompt.
 * Upper and lower case are the same.
 */
export function searchFor(text: string): Search {
  // Composed, as the start of a prompt is.
  const words = text.normalize('NFC').toLowerCase().split(/\s+/).filter(Boolean);
  return ({ job, pool, labels, promptStart = '' }) => {
    // A word has no space, so it is found within one of the texts only.
    let all = `${promptStart} ${pool}`;
    for (const [key, value] of Object.entries(labels)) all += ` ${key}=${value}`;
    all = all.toLowerCase();
    return words.every((word) => all.includes(word) || job.startsWith(word));
  };
}
