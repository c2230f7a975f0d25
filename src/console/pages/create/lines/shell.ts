// The submit as commands of a POSIX shell: curl, and the command line of Genwarden.

import type { Json, SubmitRequest } from '../../../../client/index.ts';
import { hasHidden, json, literal } from './literal.ts';
import type { Installation } from './installation.ts';

/** Bytes: Linux passes no longer argument to a program than 128 KiB. */
const longestArgument = 100_000;
/** What no shell interprets. */
const plainWord = /^[\w@%+:,./-]+$/;

/** One word of a shell, whatever it contains. */
const quoted = (text: string): string => (plainWord.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`);

const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

export function curlLine(request: SubmitRequest, { url, needsToken, tenant }: Installation): string {
  const body = literal(request as unknown as Json, json);
  const headers = [
    "-H 'content-type: application/json'",
    ...(needsToken ? ['-H "authorization: Bearer $GENWARDEN_TOKEN"'] : []),
    ...(tenant === undefined ? [] : [`-H ${quoted(`genwarden-namespace: ${tenant}`)}`]),
  ];
  const start = [`curl -sS ${quoted(`${url}/v1/jobs`)}`, ...headers];
  if (bytesOf(body) <= longestArgument) return [...start, `-d ${quoted(body)}`].join(' \\\n  ');
  return withHereDocument([...start, '--data-binary @-'].join(' \\\n  '), body);
}

/** No line of the JSON is the delimiter: each begins with a space or a bracket. */
const withHereDocument = (command: string, body: string): string => `${command} <<'JSON'\n${body}\nJSON`;

/** With flags if there is one for everything, else with the body as a file. */
export function commandLine(request: SubmitRequest, { url }: Installation): string {
  const address = url === 'http://127.0.0.1:8080' ? [] : [`--url ${quoted(url)}`];
  const flags = flagsOf(request);
  if (flags !== undefined) return [`genwarden submit`, ...address, ...flags].join(' \\\n  ');
  return withHereDocument(
    ['genwarden submit', ...address, '--file -'].join(' '),
    literal(request as unknown as Json, json),
  );
}

const inputFlags: Readonly<Record<string, string>> = {
  prompt: '--prompt',
  system: '--system',
  aspectRatio: '--aspect-ratio',
  imageSize: '--image-size',
  seed: '--seed',
};

const policyFlags: Readonly<Record<string, string>> = {
  attemptTimeout: '--attempt-timeout',
  runTimeout: '--run-timeout',
  queueTimeout: '--queue-timeout',
  reviewTimeout: '--review-timeout',
  deadline: '--deadline',
  maxAttempts: '--max-attempts',
  review: '--review',
};

const jobFlags: Readonly<Record<string, string>> = {
  kind: '--kind',
  pool: '--pool',
  model: '--model',
  priority: '--priority',
};

/** Undefined if something has no flag, or is no text for a terminal. */
function flagsOf({ input = {}, policy = {}, labels = {}, tasks, ...job }: SubmitRequest): string[] | undefined {
  const groups = [
    flagsFor(job.kind === 'image' ? { ...job, kind: undefined } : job, jobFlags),
    flagsFor(input, inputFlags),
    tasksFlags(tasks, input.prompt),
    flagsFor(policy, policyFlags),
    Object.entries(labels).map((pair) => `--label ${quoted(pair.join('='))}`),
  ];
  if (groups.includes(undefined)) return undefined;
  const flags = groups.flatMap((group) => group ?? []);
  return hasHidden(flags.join('')) || bytesOf(flags.join('')) > longestArgument ? undefined : flags;
}

function flagsFor(values: object, names: Readonly<Record<string, string>>): string[] | undefined {
  const set = Object.entries(values).filter(([, value]) => value !== undefined);
  if (!set.every(([name]) => Object.hasOwn(names, name))) return undefined;
  return set.map(([name, value]) => flag(names[name]!, String(value)));
}

/** A value that begins with a dash would be read as a flag. */
const flag = (name: string, value: string): string =>
  value.startsWith('-') ? quoted(`${name}=${value}`) : `${name} ${quoted(value)}`;

/** The flag takes a prompt for each task. */
function tasksFlags(tasks: SubmitRequest['tasks'] = [], prompt: string | undefined): string[] | undefined {
  const flags = tasks.map(({ name = '', input = {} }) => {
    const { prompt: own = prompt, ...rest } = input;
    const isPlain = name !== '' && !name.includes('=') && own !== undefined && Object.keys(rest).length === 0;
    return isPlain ? `--task ${quoted(`${name}=${own}`)}` : undefined;
  });
  return flags.includes(undefined) ? undefined : (flags as string[]);
}
