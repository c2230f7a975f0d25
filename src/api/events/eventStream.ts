// The text of one client's event stream: the events of its feed in the format of server-sent events (WHATWG HTML,
// "Server-sent events").

import type { GenwardenError } from '../../job/errors/index.ts';
import type { JobId } from '../../job/ids.ts';
import { feed, type FeedEvent } from '../../jobs/events/feed.ts';
import { taskVersions } from '../../jobs/list.ts';
import type { LinkedAddress } from '../../jobs/links.ts';
import { versionOf } from '../../jobs/wait.ts';
import type { JobRecord, Position } from '../../ports/jobLog.ts';
import type { ApiContext } from '../options.ts';
import { problemOf } from '../problem.ts';
import { liveOf } from '../routes/answers.ts';
import { jobView, listedJobView } from '../view/jobView.ts';
import { waitingForView } from '../view/taskView.ts';
import { taskEventView, textEventView } from '../view/transitionView.ts';

export interface EventRequest {
  readonly tenant: string;
  /** Undefined: all jobs of the tenant. */
  readonly job: JobId | undefined;
  readonly lastEventId: string | undefined;
  /** For a client that came by a signed link. */
  readonly address?: LinkedAddress | undefined;
}

/**
 * Whether the client has the last event of a finished job. An `EventSource` reconnects after every end of a stream, and stops
 * only if the answer is not a stream.
 */
export function hasSeenEnd(
  { recent }: Pick<ApiContext, 'recent'>,
  record: JobRecord,
  lastEventId: string | undefined,
): boolean {
  const seen = lastEventId === undefined ? undefined : positionOf(lastEventId);
  if (seen === undefined || seen.endFollows || seen.epoch !== recent.epoch) return false;
  const { open, sequence } = versionOf(record);
  // A later position than the stream's end is one of a stream that has lost its end: the client gets a snapshot.
  return !open && seen.sequence >= sequence && seen.sequence <= recent.last;
}

/** Ends when the signal aborts, when the job has finished, and when the client is too slow; a slow client may resume. */
export async function* eventStream(
  context: ApiContext,
  { tenant, job, lastEventId, address }: EventRequest,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const { keepAliveMs = 3_000, maxMissed = 100_000 } = context.events ?? {};
  const resumeAt = lastEventId === undefined ? undefined : (positionOf(lastEventId) ?? 'unknown');
  context.metrics.eventStreams.inc();
  try {
    let first = retryText(context.random(1)[0]!);
    for await (const event of feed(context, { tenant, job, resumeAt, keepAliveMs, maxMissed }, signal)) {
      yield first + (await textOf(context, event, address));
      first = '';
    }
  } finally {
    context.metrics.eventStreams.dec();
  }
}

async function textOf(context: ApiContext, event: FeedEvent, address: LinkedAddress | undefined): Promise<string> {
  switch (event.event) {
    case 'reset':
      return eventText('reset', {
        reason: 'The last event is too old or belongs to another stream. A snapshot follows.',
      });
    case 'jobs': {
      const live = await liveOf(context, event.jobs.flat());
      const items = event.jobs.map((tasks) => listedJobView(tasks, live));
      return eventText('snapshot', { items, next: null, complete: event.complete }, eventId(event.at));
    }
    case 'snapshot':
      return eventText(
        'snapshot',
        jobView(event.record, await liveOf(context, taskVersions(event.record), address)),
        event.at === null ? undefined : eventId(event.at),
      );
    case 'task':
      return eventText(
        'task',
        taskEventView(event.entry, await context.waits.of([event.entry])),
        eventId(event.at) + (event.endFollows ? endFollows : ''),
      );
    case 'job':
      return eventText(
        'job',
        listedJobView(event.tasks, await liveOf(context, event.tasks, address)),
        eventId(event.at),
      );
    case 'progress':
      return eventText('progress', event.progress);
    case 'text':
      return eventText('progress', textEventView(event.text));
    case 'waiting': {
      const { job, task, waitingFor } = event;
      return eventText('waiting', { job, task, waitingFor: waitingForView(waitingFor) });
    }
    case 'silence':
      return commentText;
    default:
      return event satisfies never;
  }
}

/** The last event of a stream whose client may not have more: a problem document, as a new request would get it. */
export const problemText = (error: GenwardenError, requestId: string): string =>
  eventText('problem', problemOf(error, requestId));

/** A client that reconnects resumes after the last `id` it received. */
function eventText(event: string, data: unknown, id?: string): string {
  // JSON.stringify emits no line breaks, so one data line is enough.
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** Tells clients that the connection works, and keeps proxies from closing one that seems idle. */
const commentText = ': alive\n\n';

/** ms. Clients that lost a connection together do not reconnect together. */
const retryText = (random: number): string => `retry: ${2_000 + 4 * random}\n`;

/** At the end of the id of a task event: the client does not yet have the job event with the same position, the last one. */
const endFollows = '-end';

const eventId = ({ epoch, sequence }: Position): string => `${epoch}-${sequence}`;

/** Undefined for a text that is not an event id of this API. */
function positionOf(id: string): (Position & { readonly endFollows: boolean }) | undefined {
  const [, epoch, sequence, mark] = /^([0-9a-zA-Z]{1,40})-(\d{1,15})(-end)?$/.exec(id) ?? [];
  return epoch === undefined ? undefined : { epoch, sequence: Number(sequence), endFollows: mark === endFollows };
}
