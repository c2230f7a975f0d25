// The schemas of the events of event streams, as the lines of each event carry them.

import { z } from 'zod';
import { taskStates } from '../../job/task.ts';
import { problemSchema } from '../problem.ts';
import { jobSchema, listedJobSchema, targetSchema, waitingForSchema } from './schemas.ts';

/** What the JSON in a text is. */
export const jsonTexts = new Map<object, z.ZodType>();

const time = z.iso.datetime();
const count = z.int().min(0);

export const taskChangeSchema = z
  .object({
    sequence: z.int(),
    at: time,
    job: z.string(),
    task: count,
    name: z.string().nullable(),
    pool: z.string(),
    state: z.enum([...taskStates, 'deleted']).describe('`deleted`: the job was deleted. It is 404 from now on.'),
    run: z.int(),
    attempt: count,
    attemptsLost: count,
    reason: z.string(),
    worker: z.string().nullable(),
    startedAt: time.nullable(),
    dueAt: time.nullable(),
    retryAt: time.nullable(),
    waitingFor: waitingForSchema.nullable(),
    target: targetSchema.nullable().describe('Where an open task runs or waits to run.'),
  })
  .describe('A transition. Its error and its artifacts are in the job.');

export const openJobsSchema = z
  .object({
    items: z.array(listedJobSchema),
    next: z.null(),
    complete: z.boolean().describe('False if there are more open jobs than the snapshot has.'),
  })
  .describe('The newest 500 open jobs.');

export const partialTextSchema = z
  .object({
    run: z.int(),
    attempt: count,
    offset: count.describe('The place of the piece in the text, in UTF-16 code units; 0 begins a new text.'),
    text: z.string(),
  })
  .describe('A piece of the text of a running task. It is not a result.');

export const taskProgressSchema = z.object({
  job: z.string(),
  task: count,
  worker: z.string(),
  progress: z.number().min(0).max(1),
  partial: partialTextSchema.optional().describe('Only in the events of one job.'),
});

export const waitingChangeSchema = z
  .object({ job: z.string(), task: count, waitingFor: waitingForSchema.nullable() })
  .describe('What a task waits for has changed, although its state has not.');

export const resetSchema = z
  .object({ reason: z.string() })
  .describe('The client missed too much: it must discard what it knows. A snapshot follows.');

const id = z.string().describe('The position after the event, for `Last-Event-ID`.');
/** As a client reads it: `data` is JSON in one line. */
const event = (name: string, data: z.ZodType) => z.object({ event: z.literal(name), data: jsonText(data) });

function jsonText(data: z.ZodType) {
  const text = z.string();
  jsonTexts.set(text, data);
  return text;
}

const changes = [
  event('task', taskChangeSchema).extend({ id }),
  event('job', listedJobSchema).extend({ id }),
  event('progress', taskProgressSchema),
  event('reset', resetSchema),
  event('problem', problemSchema),
];

export const jobEventSchema: z.ZodType = z
  .union([
    event('snapshot', jobSchema).extend({ id: id.optional().describe('Absent once the job has finished.') }),
    event('waiting', waitingChangeSchema),
    ...changes,
  ])
  .describe('An event of one job. A `job` event with a terminal state is the last one.');

export const jobsEventSchema: z.ZodType = z
  .union([event('snapshot', openJobsSchema).extend({ id }), ...changes])
  .describe("An event of all the tenant's jobs.");
