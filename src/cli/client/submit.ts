// `genwarden submit`: submits a job from flags or a file, and follows it if asked to.

import { randomUUID } from 'node:crypto';
import { Option, type Command } from 'commander';
import type { GenwardenClient, Job, SubmitRequest, SubmittedJob } from '../../client/index.ts';
import { printable } from '../output/cells.ts';
import { writeLine, type Io } from '../output/io.ts';
import { outputOption, printAs, type OutputFormat } from '../output/print.ts';
import { downloadAndTell } from './download.ts';
import { jobTable, jobWithTasks } from './jobLines.ts';
import { durationText, json, pairs, wholeNumber } from './optionForms.ts';
import { clientCommand, withClient } from './session.ts';
import { submitBody, type BodyOptions } from './submitBody.ts';
import { readJsonObject, uploadReferences } from './submitFiles.ts';
import { isRefused, isTemporary, whyUnreachable } from './unreachable.ts';
import { exitCodeFor } from './watch.ts';
import { watchJobs } from './watchJobs.ts';

interface SubmitOptions extends BodyOptions {
  readonly file?: string;
  readonly schema?: string;
  readonly reference?: readonly string[];
  readonly idempotencyKey?: string;
  readonly wait?: true;
  readonly watch?: true;
  readonly download?: string;
  readonly output: OutputFormat;
}

export function addSubmit(program: Command, io: Io): void {
  const command = clientCommand(program, 'submit', 'Submit a job');
  addInputOptions(command);
  addPolicyOptions(command);
  command
    .option('-f, --file <path>', 'body of the submit as JSON, - for standard input; flags go before what it says')
    .option('--idempotency-key <key>', 'the same key and body never make a second job')
    .option('--wait', 'wait until the job has ended; exit code 1 unless it succeeded')
    .option('--watch', 'follow the job until it has ended; exit code 1 unless it succeeded')
    .option('--download <folder>', 'wait, and save what the job made')
    .addOption(outputOption())
    .action(withClient(io, (client, options: SubmitOptions) => submit(io, client, options)));
}

function addInputOptions(command: Command): void {
  command
    .option('--prompt <text>', 'what to make')
    .option('--system <text>', 'system instruction, for text')
    .addOption(new Option('--kind <kind>', 'what to make (default image)').choices(['image', 'text']))
    .option('--pool <pool>', 'pool that runs it (default "default")')
    .option('--model <model>', "model (default the pool's first of the kind)")
    .addOption(new Option('--priority <priority>', 'lane of the queue').choices(['high', 'normal', 'low']))
    .option('--aspect-ratio <ratio>', 'such as 16:9')
    .option('--image-size <size>', 'such as 1K')
    .option('--seed <number>', 'the same seed and prompt give a like picture', wholeNumber(Number.NEGATIVE_INFINITY))
    .option('--reference <file...>', 'images to go by (PNG, JPEG, WebP); uploaded first')
    .option('--schema <file>', 'JSON Schema that the text must fit')
    .option('--task <name=prompt>', 'a task with a prompt of its own; may be given several times', pairs)
    .option('--label <key=value>', 'label of the job; may be given several times', pairs)
    .option('--metadata <json>', 'any JSON, kept with the job', json)
    .option('--concurrency-key <key>', 'at most one open job with this key');
}

function addPolicyOptions(command: Command): void {
  command
    .option('--attempt-timeout <duration>', 'longest time of one try (default 90s)', durationText)
    .option('--run-timeout <duration>', 'longest time of all tries and pauses (default 5m or more)', durationText)
    .option('--queue-timeout <duration>', 'longest time in the queue (default 24h)', durationText)
    .option('--review-timeout <duration>', 'longest time in review (default 24h)', durationText)
    .option('--deadline <duration>', 'from now: by then the job has ended, come what may', durationText)
    .option('--max-attempts <number>', 'tries of a task (default 3)', wholeNumber(1))
    .addOption(new Option('--review <when>', 'whether a person decides on results').choices(['never', 'always']));
}

async function submit(io: Io, client: GenwardenClient, options: SubmitOptions): Promise<void> {
  const { output, download } = options;
  const job = await send(io, client, options);
  for (const { code, message } of job.warnings) writeLine(io.stderr, printable(`warning: ${message} (${code})`));
  if (options.wait === undefined && options.watch === undefined && download === undefined) {
    return printAs(io, output, job, (table) => jobTable(io, [job], table));
  }
  const ended = await follow(io, client, job, options);
  if (download !== undefined) await downloadAndTell(io, client, ended, download);
  io.exitWith(exitCodeFor([ended]));
}

async function send(io: Io, client: GenwardenClient, options: SubmitOptions): Promise<SubmittedJob> {
  const file = options.file === undefined ? {} : await readJsonObject(io, options.file);
  const schema = options.schema === undefined ? undefined : await readJsonObject(io, options.schema);
  // Built once before the upload, so that a mistake is told before anything is sent.
  submitBody(file, options, { references: [], schema });
  const references = await uploadReferences(client, options.reference ?? []);
  const body = submitBody(file, options, { references, schema });
  return sendSafely(io, client, body, options.idempotencyKey ?? randomUUID());
}

/** Where nobody listens, waiting would only keep a person waiting. An answer that got lost is asked for with the same key. */
async function sendSafely(
  io: Io,
  client: GenwardenClient,
  body: SubmitRequest,
  idempotencyKey: string,
): Promise<SubmittedJob> {
  try {
    return await client.submit(body, { idempotencyKey, giveUpAfterMs: 0 });
  } catch (error) {
    if (!isTemporary(error) || isRefused(error)) throw error;
    writeLine(io.stderr, `genwarden: no answer to the submit, trying again: ${printable(whyUnreachable(error))}`);
    return client.submit(body, { idempotencyKey });
  }
}

/** Bars or lines are the answer for people who watch; everybody else gets the job as it ended. */
async function follow(io: Io, client: GenwardenClient, job: Job, { watch, output }: SubmitOptions): Promise<Job> {
  const shown = watch === true && (output === 'table' || output === 'wide');
  const [ended] = await watchJobs(client, [job.id], { io, quiet: !shown });
  if (!shown) printAs(io, output, ended, (table) => jobWithTasks(io, ended!, table));
  return ended!;
}
