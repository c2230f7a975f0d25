// What can be seen of the job that a resource asks for: all that its status follows from.

import type { ErrorCode } from '../../job/errors/index.ts';
import type { Instant } from '../../job/task.ts';
import type { Standing } from './standing.ts';

export type Observation =
  | { readonly seen: 'job'; readonly standing: Standing }
  /** The submit was refused. */
  | Refused
  /** The submit got no answer, or one that says to try again. */
  | { readonly seen: 'unanswered'; readonly code: ErrorCode; readonly message: string }
  /** The stream has no such job any more. */
  | { readonly seen: 'gone'; readonly reason: 'JobDeleted' | 'JobExpired'; readonly message: string }
  /** What the status says already is all there is to say. */
  | { readonly seen: 'nothingNew' };

export interface Refused {
  readonly seen: 'refused';
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
  /** Until when it is tried again, as what is missing may still come; null: never. */
  readonly triedUntil: Instant | null;
}
