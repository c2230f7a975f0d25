// The words of Genwarden in the messages of tasks. Those of providers, models and people may repeat a prompt, so log lines
// have them only as `detail`, which is hidden by default.

import { taskErrors } from '../errors/task.ts';
import type { TaskError, TaskErrorCode } from '../errors/index.ts';
import type { TaskDetail } from '../task.ts';

/** Errors whose messages are made of Genwarden's words, names and numbers. */
const ownMessages: ReadonlySet<TaskErrorCode> = new Set([
  'DeadlineExceeded',
  'QueueTimeout',
  'ReviewTimeout',
  'RunTimeout',
  'AttemptTimeout',
  'DependencyFailed',
  'DependencyTimeout',
  'WorkerLost',
  'TaskOrphaned',
  'PoisonPill',
  'MessageLost',
  'SpecLost',
  'WorkerDrained',
  'FailedByOperator',
  'BudgetExceeded',
]);

/** The error's message, or the catalogue's title with the provider's status if the message may have the words of others. */
export function ownWordsOf({ code, message, provider }: TaskError): string {
  if (ownMessages.has(code)) return message;
  const { title } = taskErrors[code];
  const answer = [provider?.status, provider?.code].filter((part) => part !== undefined && isPlain(String(part)));
  return answer.length === 0 ? title : `${title} (${answer.join(' ')})`;
}

const isPlain = (text: string): boolean => /^[\w.-]{1,80}$/.test(text);

export interface LoggedWords {
  readonly message: string;
  /** The whole message; absent if nothing was left out. */
  readonly detail?: string;
}

/** How a log line says why a task is in its state. */
export function loggedWords(detail: TaskDetail): LoggedWords {
  const message = ownMessage(detail);
  return message === detail.message ? { message } : { message, detail: detail.message };
}

function ownMessage({ message, error, flags = [] }: TaskDetail): string {
  if (error !== undefined) {
    const cause = error.message.replace(/\.$/, '');
    const rest = message.startsWith(cause) ? message.slice(cause.length).replace(/^\.$/, '') : '';
    return `${ownWordsOf(error)}${rest}`;
  }
  const completed = message.lastIndexOf('Completed in ');
  if (completed <= 0) return message;
  const why =
    flags.length > 0
      ? `${flags.length === 1 ? 'A check' : `${flags.length} checks`} flagged the result`
      : 'The result could not be checked';
  return `${why}. ${message.slice(completed)}`;
}
