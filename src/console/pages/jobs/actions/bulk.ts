// What can be done with several jobs at once: which of them permit it, what is lost, and how it went.

import { isFinished, type ListedJob } from '../../../../client/index.ts';
import { counted } from '../../../format.ts';

export type BulkAction = 'cancel' | 'retry' | 'delete';

export const bulkActions: readonly BulkAction[] = ['cancel', 'retry', 'delete'];

/** Jobs of the others would be refused. */
export function permits(job: ListedJob, action: BulkAction): boolean {
  if (action === 'cancel') return !isFinished(job);
  if (action === 'delete') return isFinished(job);
  return isFinished(job) && job.progress.failed > 0;
}

export const actionTitle: Record<BulkAction, string> = {
  cancel: 'Cancel',
  retry: 'Retry failed',
  delete: 'Delete',
};

/** What will happen, and what is lost. */
export function consequence(action: BulkAction, jobs: readonly ListedJob[]): string {
  const sum = (of: (progress: ListedJob['progress']) => number): number =>
    jobs.reduce((total, { progress }) => total + of(progress), 0);
  const { length } = jobs;
  const them = length === 1 ? 'the job' : `${counted(length, 'job')}`;
  if (action === 'retry') {
    const again = sum(({ failed, cancelled }) => failed + cancelled);
    return `${counted(again, 'failed or cancelled task')} of ${them} will start a new run, with new paid calls. Results that succeeded stay.`;
  }
  if (action === 'delete') {
    const results = sum(({ succeeded }) => succeeded);
    return `${capital(them)} will be deleted permanently, with ${counted(results, 'result')}. This cannot be undone.`;
  }
  const open = sum(({ queued, running, waiting, needs_review: review }) => queued + running + waiting + review);
  const running = sum((progress) => progress.running);
  const review = sum((progress) => progress.needs_review);
  const lost = [
    ...(running > 0
      ? [`${counted(running, 'running call is', 'running calls are')} aborted, and may still be billed`]
      : []),
    ...(review > 0 ? [`${counted(review, 'result')} in review ${review === 1 ? 'is' : 'are'} discarded`] : []),
  ];
  const rest = lost.length === 0 ? '' : ` ${capital(lost.join('; '))}.`;
  return `${counted(open, 'open task')} of ${them} will be cancelled.${rest} Finished tasks keep their results.`;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

export interface Outcome {
  readonly asked: number;
  readonly done: number;
  /** By code, most frequent first. */
  readonly failures: readonly { readonly code: string; readonly count: number; readonly detail: string }[];
}

interface RunOptions {
  /** After each job. */
  readonly onProgress: (finished: number) => void;
  /** Begins no further job when it aborts. */
  readonly signal: AbortSignal;
}

/** At the same time, so that other clients of the API notice nothing. */
const concurrency = 4;

/** One after the other. A failure stops nothing. */
export async function runAll(
  ids: readonly string[],
  action: (id: string) => Promise<unknown>,
  { onProgress, signal }: RunOptions,
): Promise<Outcome> {
  const failures = new Map<string, { code: string; count: number; detail: string }>();
  let [next, finished, done] = [0, 0, 0];
  async function work(): Promise<void> {
    while (next < ids.length && !signal.aborted) {
      const id = ids[next]!;
      next += 1;
      try {
        await action(id);
        done += 1;
      } catch (error) {
        const code = codeOf(error);
        const known = failures.get(code) ?? { code, count: 0, detail: error instanceof Error ? error.message : code };
        failures.set(code, { ...known, count: known.count + 1 });
      }
      finished += 1;
      onProgress(finished);
    }
  }
  await Promise.all(Array.from({ length: concurrency }, work));
  const byCount = [...failures.values()].sort((a, b) => b.count - a.count);
  return { asked: ids.length, done, failures: byCount };
}

function codeOf(error: unknown): string {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  return typeof code === 'string' ? code : 'Unknown';
}

const past: Record<BulkAction, string> = { cancel: 'Cancelled', retry: 'Retried', delete: 'Deleted' };

/** `Cancelled 18 of 20 jobs. 2 failed: JobNotFound (2), such as "…"`. */
export function summary(action: BulkAction, { asked, done, failures }: Outcome): string {
  const failed = failures.reduce((total, { count: of }) => total + of, 0);
  const left = asked - done - failed;
  const jobs = done === asked ? counted(asked, 'job') : `${done} of ${counted(asked, 'job')}`;
  const codes = failures.map(({ code, count: of }) => `${code} (${of})`).join(', ');
  return [
    `${past[action]} ${jobs}.`,
    ...(failed === 0 ? [] : [`${failed} failed: ${codes}. ${failures[0]!.detail}`]),
    ...(left === 0 ? [] : [`${left} were left alone, because you closed the dialog.`]),
  ].join(' ');
}
