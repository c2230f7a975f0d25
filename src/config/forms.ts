// The value types of settings: each is a zod schema that parses text, with a message for invalid text.

import { z } from 'zod';
import { formatDuration, parseDuration } from '../job/duration.ts';
import type { TextForm } from './setting.ts';

/** Any non-empty text; `placeholder` names it in `--help`. */
export function text(placeholder: string, allowed = 'any text'): TextForm<string> {
  return { schema: z.string(), allowed, placeholder };
}

export const path: TextForm<string> = text('path', 'a path');

/** Milliseconds, from a duration such as `1h30m` between two others. */
export function duration(min: string, max: string): TextForm<number> {
  const [minMs, maxMs] = [parseDuration(min)!, parseDuration(max)!];
  const read = (value: string): number | Wrong => {
    const ms = parseDuration(value);
    if (ms === undefined) return wrong('is not a duration');
    if (ms < minMs) return wrong(`is shorter than ${formatDuration(minMs)}`);
    return ms > maxMs ? wrong(`is longer than ${formatDuration(maxMs)}`) : ms;
  };
  return form(read, `a duration such as 500ms, 30s, 1h30m or 7d, from ${min} to ${max}`, 'duration');
}

const unitsOfBytes = { MB: 1e6, GB: 1e9, TB: 1e12, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 } as const;

/** Bytes from a size such as `20GB` or `500MiB`. */
export const size: TextForm<number> = form(
  (value) => {
    const [, number, unit] = /^(\d{1,6}(?:\.\d{1,3})?)(MB|GB|TB|MiB|GiB|TiB)$/.exec(value) ?? [];
    const bytes = Math.floor(Number(number) * unitsOfBytes[unit as keyof typeof unitsOfBytes]);
    return bytes >= 1 ? bytes : wrong('is not a size');
  },
  'a size such as 500MB, 20GB or 1.5TiB',
  'size',
);

/** A whole number within bounds, both included. */
export function integer(min: number, max: number, placeholder = 'number'): TextForm<number> {
  const read = (value: string): number | Wrong => {
    if (!/^-?\d+$/.test(value)) return wrong('is not a whole number');
    const number = Number(value);
    return number < min || number > max ? wrong('is out of bounds') : number;
  };
  return form(read, `a whole number from ${min} to ${max}`, placeholder);
}

export const port: TextForm<number> = {
  ...integer(0, 65_535, 'port'),
  allowed: 'a port from 0 to 65535; 0 picks a free one',
};

/** One of several names. */
export function oneOf<const Word extends string>(...words: readonly Word[]): TextForm<Word> {
  const read = (value: string): Word | Wrong =>
    words.find((word) => word === value) ?? wrong('is not one of the choices');
  return form(read, words.join(', '), 'choice');
}

/** One of several numbers. */
export function oneOfNumbers(...numbers: readonly number[]): TextForm<number> {
  const read = (value: string): number | Wrong =>
    numbers.find((number) => String(number) === value) ?? wrong('is not one of the choices');
  return form(read, numbers.join(', '), 'number');
}

/** Text that a regular expression matches; anchor the expression. */
export function matching(pattern: RegExp, allowed: string, placeholder: string): TextForm<string> {
  return checked((value) => pattern.test(value), 'has invalid characters or an invalid length', allowed, placeholder);
}

/** Text that passes the check; `problem` says what is wrong with other text. */
export function checked(
  passes: (value: string) => boolean,
  problem: string,
  allowed: string,
  placeholder: string,
): TextForm<string> {
  return form((value) => (passes(value) ? value : wrong(problem)), allowed, placeholder);
}

/** A URL with one of the protocols; a trailing slash is dropped. */
export function url(...protocols: readonly string[]): TextForm<string> {
  return form((value) => readUrl(value, protocols), urlOf(protocols), 'url');
}

const urlOf = (protocols: readonly string[]): string =>
  `a URL that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`;

function readUrl(value: string, protocols: readonly string[]): string | Wrong {
  const parsed = URL.canParse(value) ? new URL(value) : undefined;
  if (parsed === undefined || parsed.host === '') return wrong('is not a URL');
  return protocols.includes(parsed.protocol) ? value.replace(/\/+$/, '') : wrong(`has the protocol ${parsed.protocol}`);
}

const natsProtocols = ['nats:', 'tls:', 'ws:', 'wss:'];

/** The address of a NATS server; a user and a password in it are percent-encoded, as in every URL. */
export const natsServer: TextForm<string> = form(
  (value) => {
    const problem = value.includes('@') ? loginProblem(value) : undefined;
    return problem === undefined ? readUrl(value, natsProtocols) : wrong(`${problem}; ${howToEncode}`);
  },
  urlOf(natsProtocols),
  'url',
);

const howToEncode = 'write % , / ? # in a user or password as %25 %2C %2F %3F %23';

/** A `/`, `?` or `#` in a password would end the host, and a comma the entry of the list. */
function loginProblem(value: string): string | undefined {
  const login = /^[a-z]+:\/\/([^/?#]*)@[^@/?#]+(?:\/[^@]*)?$/.exec(value)?.[1];
  if (login === undefined || !URL.canParse(value)) return 'is not a URL';
  return /%(?![0-9a-f]{2})/i.test(login) ? 'has a % that is not encoded' : undefined;
}

/** At least one value, separated by commas or line ends. Blank entries and repetitions are dropped. */
export function list<T>(of: TextForm<T>): TextForm<T[]> {
  const entries = (value: string): string[] => [
    ...new Set(
      value
        .split(/[,\r\n]/)
        .map((entry) => entry.trim())
        .filter((entry) => entry !== ''),
    ),
  ];
  return {
    schema: z.string().transform(entries).pipe(z.array(of.schema).min(1, 'is an empty list')),
    allowed: `${of.allowed}; separate multiple values with commas`,
    placeholder: `${of.placeholder},…`,
  };
}

interface Wrong {
  readonly wrong: string;
}

const wrong = (what: string): Wrong => ({ wrong: what });

function form<T extends string | number>(
  read: (value: string) => T | Wrong,
  allowed: string,
  placeholder: string,
): TextForm<T> {
  const schema = z.string().transform((value, context): T => {
    const result = read(value);
    if (typeof result !== 'object') return result;
    context.addIssue({ code: 'custom', message: result.wrong });
    return z.NEVER;
  });
  return { schema, allowed, placeholder };
}

/** The name of a pool or a namespace: a DNS label. */
export const label = matching(
  /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
  '1 to 63 lower-case letters, digits and inner -',
  'name',
);
