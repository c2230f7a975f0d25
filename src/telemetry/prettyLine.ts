// A log line for people: time, level, process and message, then what the message does not say already. An error follows on
// lines below. On a terminal, long lines are broken between words.

import { about } from '../job/duration.ts';
import { wordWrap } from './wordWrap.ts';

/** Where the line is shown. */
interface Terminal {
  readonly isTTY?: boolean;
  /** Default: 100. */
  readonly columns?: number;
}

interface Line {
  readonly time?: string;
  readonly level?: string;
  readonly process?: string;
  readonly msg?: string;
  readonly err?: ShownError;
  readonly [field: string]: unknown;
}

interface ShownError {
  readonly type?: string;
  readonly code?: unknown;
  readonly message?: string;
  readonly stack?: string;
  readonly cause?: ShownError;
}

const marks: Readonly<Record<string, string>> = {
  trace: 'T',
  debug: 'D',
  info: 'I',
  warn: 'W',
  error: 'E',
  fatal: 'F',
};
/** ANSI colours of the levels. */
const colours: Readonly<Record<string, number>> = { trace: 90, debug: 90, warn: 33, error: 31, fatal: 31 };
const dim = 90;
const firstWords = '00:00:00 I controller ';
/** Without the process, and with a mark only for problems. */
const briefFirstWords = '00:00:00 W ';

/** `line` is JSON; anything else is returned unchanged. A brief line does not name the process. */
export function prettyLine(line: string, terminal: Terminal, brief = false): string {
  const firstColumns = (brief ? briefFirstWords : firstWords).length;
  const indent = ' '.repeat(firstColumns);
  const fields = parsed(line);
  if (fields === undefined) return line;
  const paint = terminal.isTTY === true ? coloured : (text: string): string => text;
  const width = terminal.isTTY === true ? Math.max(60, terminal.columns ?? 100) : Infinity;
  const { time, level = 'info', process: part = '', msg = '', err } = fields;
  const clock = time === undefined ? '' : new Date(time).toTimeString().slice(0, 8);
  const colour = colours[level];
  const [first = '', ...more] = wordWrap(msg.replaceAll(/\s*\n\s*/g, ' '), width - firstColumns);
  const mark = brief && level === 'info' ? ' ' : (marks[level] ?? level);
  const from = brief ? [] : [paint(part.padEnd(10), dim)];
  const head = [paint(clock, dim), paint(mark, colour), ...from].join(' ');
  const lines = [`${head} ${paint(first, colour)}`, ...more.map((text) => `${indent}${paint(text, colour)}`)];
  const facts = factsOf(fields).slice(0, brief ? briefFacts(fields) : undefined);
  const lastWidth = more.length === 0 ? firstColumns + first.length : firstColumns + more.at(-1)!.length;
  for (const text of wordWrap(facts.join(' '), width - firstColumns)) {
    const fits = lines.length === 1 + more.length && lastWidth + 2 + facts.join(' ').length <= width;
    if (fits) lines.push(`${lines.pop()!}  ${paint(text, dim)}`);
    else lines.push(`${indent}${paint(text, dim)}`);
  }
  for (const text of errorLines(err, msg)) lines.push(`${indent}${paint(text, dim)}`);
  return `${lines.join('\n')}\n`;
}

const coloured = (text: string, colour: number | undefined): string =>
  colour === undefined || text === '' ? text : `\u001B[${colour}m${text}\u001B[39m`;

function parsed(line: string): Line | undefined {
  try {
    return JSON.parse(line) as Line;
  } catch {
    return undefined;
  }
}

/** Told by the columns, the message or the lines of the error. */
const told = new Set(['time', 'level', 'process', 'msg', 'err', 'pid', 'event', 'job', 'task', 'version']);

function factsOf(fields: Line): string[] {
  const { job, task, msg = '', process: part } = fields;
  const facts = Object.entries(fields).flatMap(([name, value]) => {
    if (told.has(name) || isTold(name, value, msg) || isOwn(name, value, part)) return [];
    return [name === 'durationMs' ? `took ${shownValue(name, value)}` : `${name}=${shownValue(name, value)}`];
  });
  if (typeof job !== 'string' || msg.includes(job)) return facts;
  return [typeof task === 'number' ? `${job}/${task}` : job, ...facts];
}

/** A brief line names only the job and the task, which come first. */
const briefFacts = ({ job, msg = '' }: Line): number => (typeof job === 'string' && !msg.includes(job) ? 1 : 0);

/** The role or the name of the process that logs. */
const isOwn = (name: string, value: unknown, part = ''): boolean =>
  ['role', 'name', 'worker', 'controller', 'operator'].includes(name) &&
  (value === part || (typeof value === 'string' && value.startsWith(`${part}-`)));

/** What most lines have in common is not worth its room. */
const usual: Readonly<Record<string, readonly unknown[]>> = {
  run: [1],
  pool: ['default'],
  reason: ['Claimed', 'Succeeded', 'RetryDue'],
};

function isTold(name: string, value: unknown, msg: string): boolean {
  if (value === null || value === undefined || usual[name]?.includes(value) === true) return true;
  if (name === 'durationMs') return /\b(?:in|within|after|for) \d/.test(msg);
  if (name === 'attempt' || name === 'run') return new RegExp(`\\b${name} ${JSON.stringify(value)}\\b`, 'i').test(msg);
  const text = typeof value === 'string' ? value : shownValue(name, value);
  return text.length > 1 && msg.toLowerCase().includes(text.toLowerCase());
}

function shownValue(name: string, value: unknown): string {
  if (name === 'durationMs' && typeof value === 'number') return about(value);
  if (typeof value === 'string') return /^[^\s"]*$/.test(value) ? value : JSON.stringify(value);
  return JSON.stringify(value);
}

/** Only errors that the catalogue does not know show where they were thrown. */
function errorLines(err: ShownError | undefined, msg: string, prefix = ''): string[] {
  if (err === undefined || err === null || typeof err !== 'object') return [];
  const { type = 'Error', code, message = '', stack = '', cause } = err;
  const name = code === undefined ? type : `${type === 'GenwardenError' ? '' : `${type} `}${shownValue('code', code)}`;
  const sentences = msg.includes(message) ? [] : `${prefix}${name}: ${message}`.split('\n');
  const calls =
    type === 'GenwardenError' ? [] : stack.split('\n').filter((call) => call !== '' && !isOfNode.test(call));
  return [
    ...sentences,
    ...calls.slice(0, 5).map((call) => `  ${call.trim()}`),
    ...errorLines(cause, msg, 'caused by '),
  ];
}

const isOfNode = /\(node:|at (?:async )?node:/;
