// Reads entries of the task log: messages of the stream, decoded.

import type { DetailedEntry, TaskAddress } from '../../../ports/jobLog.ts';
import { isNotFound } from '../jetstream/errors.ts';
import {
  allOfSubject,
  directReadOrTooMany,
  leaderRead,
  type LeaderQuery,
  type StoredMessage,
} from '../jetstream/reads.ts';
import type { NatsLink } from '../link/connection.ts';
import { decodeEntry, entryOrThrow } from '../stream/codec.ts';
import { streamName, taskFilter } from '../stream/subjects.ts';

export interface LogContext {
  readonly link: NatsLink;
  /** The server's time. */
  readonly now: () => number;
}

/** A message from the stream's leader; undefined if the message or the stream does not exist. Throws `Unavailable`. */
export async function leaderMessage({ link }: LogContext, query: LeaderQuery): Promise<StoredMessage | undefined> {
  try {
    return await leaderRead(link, streamName(link.prefix), query);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** As `leaderMessage`; throws `InternalError` for a message that cannot be read. */
export async function leaderEntry(context: LogContext, query: LeaderQuery): Promise<DetailedEntry | undefined> {
  const message = await leaderMessage(context, query);
  return message === undefined ? undefined : entryOrThrow(decodeEntry(message));
}

/** A task's last message, from the leader. */
export const lastOfTask = (context: LogContext, address: TaskAddress): Promise<DetailedEntry | undefined> =>
  leaderEntry(context, { last_by_subj: taskFilter(context.link.prefix, address) });

/**
 * The newest message of each matching subject, from any replica; undefined if there are more than 1,024. Throws
 * `Unavailable`.
 */
export async function lastPerSubject(
  { link }: LogContext,
  filter: string,
): Promise<readonly DetailedEntry[] | undefined> {
  const answer = await directReadOrTooMany(link, streamName(link.prefix), { multi_last: [filter] });
  return answer === 'tooMany' ? undefined : answer.messages.map(decoded);
}

/** Every message of one literal subject, oldest first, from any replica. Throws `Unavailable`. */
export async function historyOfSubject({ link }: LogContext, subject: string): Promise<readonly DetailedEntry[]> {
  return (await allOfSubject(link, streamName(link.prefix), subject)).map(decoded);
}

const decoded = (message: StoredMessage): DetailedEntry => entryOrThrow(decodeEntry(message));
