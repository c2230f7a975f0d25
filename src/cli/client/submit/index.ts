// `genwarden submit`: submits a job from flags or a file, and can wait until it finishes.

import { randomUUID } from 'node:crypto';
import { Option, type Command } from 'commander';
import {
  GenwardenApiError,
  type GenwardenClient,
  type Job,
  type SubmitRequest,
  type SubmittedJob,
} from '../../../client/index.ts';
import { count } from '../../../job/explain/format.ts';
import { hanging, printable } from '../../output/text.ts';
import { terminalWidth, writeLine, type Io } from '../../output/io.ts';
import { isForPeople, namedOutputOption, printAs, type OutputFormat } from '../../output/print.ts';
import { downloadAndReport } from '../download.ts';
import { commandText } from '../commandText.ts';
import { jobTable, jobWithTasks } from '../jobTables.ts';
import { nextLines } from '../nextCommands.ts';
import { durationText, fallbacks, json, pairs, wholeNumber } from '../optionParsers.ts';
import { clientCommand, withClient } from '../session.ts';
import { submitBody, type BodyOptions } from './requestBody.ts';
import { readJsonObject, uploadReferences } from './files.ts';
import { isTemporary, isUnreachable, whyUnreachable } from '../connection.ts';
import { exitCodeFor } from '../watch/index.ts';
import { watchUnlessStopped } from '../watch/watchUnlessStopped.ts';

interface SubmitOptions extends BodyOptions {
  readonly file?: string;
  readonly schema?: string;
  readonly reference?: readonly string[];
  readonly idempotencyKey?: string;
  readonly wait?: true;
  readonly watch?: true;
  readonly download?: string;
  readonly quiet?: true;
  readonly output: OutputFormat;
}

export function addSubmit(program: Command, io: Io): void {
  const command = clientCommand(program, 'submit', 'Submit a job');
  addInputOptions(command);
  addPolicyOptions(command);
  command
    .option(
      '-f, --file <path>',
      'file with the request body as JSON, or - for standard input; flags override its values',
    )
    .option('--idempotency-key <key>', 'the same key and body never create a second job')
    .option('--wait', 'wait until the job ends or needs a review; exit code 0 if it succeeded, 5 if it needs a review')
    .option('--watch', 'like --wait, and show the progress')
    .option('--download <folder>', "wait, then save the job's artifacts")
    .option('-q, --quiet', 'print only the id')
    .addOption(namedOutputOption())
    .action(withClient(io, (client, options: SubmitOptions) => submit(io, client, options)));
}

function addInputOptions(command: Command): void {
  command
    .option('--prompt <text>', 'what to generate')
    .option('--system <text>', 'system instruction, for text jobs')
    .addOption(new Option('--kind <kind>', 'kind of result (default image)').choices(['image', 'text']))
    .option('--pool <pool>', 'pool that runs the job (default "default")')
    .option('--model <model>', "model (default: the pool's first model of the kind)")
    .addOption(new Option('--priority <priority>', 'queue priority').choices(['high', 'normal', 'low']))
    .option('--aspect-ratio <ratio>', 'aspect ratio, such as 16:9')
    .option('--image-size <size>', 'image size, such as 1K')
    .option('--seed <number>', 'the same seed and prompt give similar images', wholeNumber(Number.NEGATIVE_INFINITY))
    .option('--reference <file...>', 'reference images (PNG, JPEG, WebP); uploaded first')
    .option('--schema <file>', 'JSON Schema that the text must match')
    .option('--task <name=prompt>', 'task with a separate prompt; can be repeated', pairs)
    .option('--label <key=value>', 'label of the job; can be repeated', pairs)
    .option('--metadata <json>', 'any JSON, stored with the job', json)
    .option('--group <name>', "count the job in this group, for the pool's limit of running tasks per group")
    .option('--concurrency-key <key>', 'allow at most one open job with this key');
}

const waitOrFail = ['wait', 'fail'];

function addPolicyOptions(command: Command): void {
  command
    .option('--attempt-timeout <duration>', 'time limit of one attempt (default 90s)', durationText)
    .option('--run-timeout <duration>', 'time limit of all attempts and backoffs (default 5m or more)', durationText)
    .option('--queue-timeout <duration>', 'time limit in the queue (default 24h)', durationText)
    .option('--review-timeout <duration>', 'time limit in review (default 24h)', durationText)
    .option('--deadline <duration>', 'time from now by which the job must end', durationText)
    .option('--max-attempts <number>', 'attempts per task (default 3)', wholeNumber(1))
    .addOption(
      new Option('--on-outage <action>', 'what tasks do while the provider is out (default wait)').choices(waitOrFail),
    )
    .addOption(
      new Option('--on-budget <action>', 'what tasks do while the budget is spent (default wait)').choices(waitOrFail),
    )
    .option(
      '--fallback <pool=name,model=name>',
      'another pool, model or both for when the first fails; can be repeated, in order',
      fallbacks,
    )
    .addOption(new Option('--review <when>', 'which results a person reviews').choices(['never', 'always', 'onFlag']))
    .option('--check <prompt>', 'what a model looks for in each result; it may flag the result for review')
    .option('--check-model <model>', "model that checks (default: the pool's first text model)");
}

async function submit(io: Io, client: GenwardenClient, options: SubmitOptions): Promise<void> {
  const { output, download } = options;
  const job = await send(io, client, options);
  const width = terminalWidth(io.stderr);
  const warnings = job.warnings.flatMap(({ code, message }) => hanging('warning: ', `${message} (${code})`, width));
  for (const line of warnings) writeLine(io.stderr, line);
  const waits = options.wait === true || options.watch === true || download !== undefined;
  if (options.quiet === true) writeLine(io.stdout, job.id);
  else if (!waits) printSubmitted(io, output, job);
  if (!waits) return;
  const ended = await follow(io, client, job, options);
  if (ended === undefined) return;
  if (download !== undefined && !(await downloadAndReport(io, client, ended, download))) return;
  io.exitWith(exitCodeFor([ended]));
}

/** For people, the id and the next command: the state of a job that was submitted a moment ago says nothing. */
function printSubmitted(io: Io, output: OutputFormat, job: SubmittedJob): void {
  const { id, pool, progress } = job;
  printAs(io, output, job, (table) =>
    table.wide === true
      ? jobTable(io, [job], table)
      : [
          `Submitted job ${id} (${count(progress.total, 'task')}, pool ${pool})`,
          `Next: ${commandText(io, job, `watch ${id}`)}`,
        ].map(printable),
  );
}

async function send(io: Io, client: GenwardenClient, options: SubmitOptions): Promise<SubmittedJob> {
  const file = options.file === undefined ? {} : await readJsonObject(io, options.file);
  const schema = options.schema === undefined ? undefined : await readJsonObject(io, options.schema);
  // Built once before the upload, so that mistakes are reported before a request is sent.
  submitBody(file, options, { references: [], schema });
  const references = await uploadReferences(client, options.reference ?? []);
  const body = submitBody(file, options, { references, schema });
  return sendSafely(io, client, body, options.idempotencyKey ?? randomUUID());
}

const retryForMs = 30_000;

/** Fails immediately if no server accepts the connection. If the response is lost, retries with the same idempotency key. */
async function sendSafely(
  io: Io,
  client: GenwardenClient,
  body: SubmitRequest,
  idempotencyKey: string,
): Promise<SubmittedJob> {
  try {
    return await client.submit(body, { idempotencyKey });
  } catch (error) {
    if (!isTemporary(error) || (isUnreachable(error) && error.refused)) throw error;
    if (error instanceof GenwardenApiError && (error.retryAfter ?? 0) > retryForMs) throw error;
    writeLine(io.stderr, `genwarden: the API did not answer the submit, retrying: ${printable(whyUnreachable(error))}`);
    return client.submit(body, { idempotencyKey, giveUpAfterMs: retryForMs });
  }
}

/** With `--watch` the progress is the output; otherwise the terminal job is printed. Undefined after Ctrl-C. */
async function follow(io: Io, client: GenwardenClient, job: Job, options: SubmitOptions): Promise<Job | undefined> {
  const { watch, output, quiet, download } = options;
  const shown = watch === true && quiet !== true && isForPeople(output);
  const saved = download !== undefined;
  const ended = (await watchUnlessStopped(client, [job.id], io, { quiet: !shown, saved }))?.[0];
  if (ended === undefined || shown || quiet === true) return ended;
  printAs(io, output, ended, (table) => {
    const next = nextLines(io, ended, { columns: table.width, saved });
    return [...jobWithTasks(io, ended, table), ...(next.length === 0 ? [] : ['', ...next])];
  });
  return ended;
}
