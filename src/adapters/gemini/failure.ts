// Turns whatever the SDK throws into an error of the catalogue. `ApiError` has a status and a message only: the message is
// the response's JSON body, or JSON inside JSON where the body was not said to be JSON.

import { ApiError } from '@google/genai/web';
import { taskError, type TaskError, type TaskErrorCode } from '../../job/errors/index.ts';

/** The error of the catalogue; `key` is taken out of its message wherever a server echoes it. */
export function failureOf(error: unknown, key: string): TaskError {
  const failure = error instanceof ApiError ? refusal(error) : breakdown(error);
  return { ...failure, message: withoutKey(failure.message, key) };
}

/** What Google's APIs say in `{"error": {…}}`. */
interface Said {
  readonly message: string;
  readonly status: string | undefined;
  readonly details: readonly Readonly<Record<string, unknown>>[];
}

function refusal(error: ApiError): TaskError {
  const said = readBody(error.message, 0);
  const code = codeOf(error.status, said);
  const retryAfter = code === 'RateLimited' || code === 'QuotaExhausted' ? retryDelay(said) : undefined;
  const sentence = said.message === '' ? '' : `: ${said.message.slice(0, 400)}`;
  return taskError(code, `Gemini answered ${error.status}${sentence}`, {
    provider: { status: error.status, ...(said.status === undefined ? {} : { code: said.status }) },
    ...(retryAfter === undefined ? {} : { retryAfter }),
  });
}

function codeOf(status: number, said: Said): TaskErrorCode {
  if (isAboutTheKey(status, said)) return 'KeyRefused';
  if (status === 429) return isDaily(said) ? 'QuotaExhausted' : 'RateLimited';
  // 400 FAILED_PRECONDITION: the service or its free tier is not offered where the key's project is.
  if (status === 403 || said.status === 'FAILED_PRECONDITION') return 'PermissionDenied';
  if (status === 404) return 'ModelNotFound';
  if (status === 408 || status === 409 || status === 499) return 'ProviderError';
  if (status < 500) return 'RequestRefused';
  return status === 502 || status === 503 || status === 504 ? 'ProviderUnavailable' : 'ProviderError';
}

/** A bad key is 400 with a reason in its details, not 401; a leaked one is 403. */
function isAboutTheKey(status: number, said: Said): boolean {
  if (status === 401) return true;
  if (status !== 400 && status !== 403) return false;
  return (
    said.details.some(({ reason }) => reason === 'API_KEY_INVALID') ||
    /api key (not valid|expired|not found|was reported as leaked)/i.test(said.message)
  );
}

function isDaily({ details }: Said): boolean {
  const violations = details.flatMap(({ violations: list }) => (Array.isArray(list) ? (list as unknown[]) : []));
  return violations.some((violation) => /per_?day/i.test(JSON.stringify(fieldsOf(violation)['quotaId'] ?? '')));
}

/** google.rpc.RetryInfo says `38s` or `0.5s`; it is often absent. Milliseconds. */
function retryDelay({ details }: Said): number | undefined {
  const delays = details.map(({ retryDelay: delay }) => /^(\d+(?:\.\d+)?)s$/.exec(String(delay))?.[1]);
  const seconds = delays.find((delay) => delay !== undefined);
  return seconds === undefined ? undefined : Math.ceil(Number(seconds) * 1_000);
}

function readBody(text: string, depth: number): Said {
  const error = fieldsOf(fieldsOf(parsed(text))['error']);
  const message = error['message'];
  if (typeof message !== 'string') return { message: wordsOf(text), status: undefined, details: [] };
  if (depth < 3 && /^\s*[[{]/.test(message) && parsed(message) !== undefined) return readBody(message, depth + 1);
  const { status, details } = error;
  return {
    message: wordsOf(message),
    status: typeof status === 'string' && status !== '' ? status : undefined,
    details: Array.isArray(details) ? details.map(fieldsOf) : [],
  };
}

/** A proxy's page of HTML is no sentence for a person. */
function wordsOf(text: string): string {
  return /^\s*</.test(text) ? 'a page of HTML' : text.trim();
}

/** Some answers are a list of one. */
function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value[0] : value;
  } catch {
    return undefined;
  }
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** No status at all: the connection failed, or what came is not an answer. */
function breakdown(error: unknown): TaskError {
  const message = error instanceof Error ? error.message : String(error);
  const causes = causesOf(error);
  // fetch says `fetch failed` or `terminated` (a cut body), and why only in the cause.
  if (error instanceof TypeError && causes.length > 0) {
    return taskError('ProviderUnreachable', `The connection to Gemini failed: ${message} (${causes.join(', ')})`);
  }
  return taskError('ProviderResponseInvalid', `Gemini's answer could not be read: ${message.slice(0, 200)}`);
}

/** Codes such as ECONNREFUSED, of the causes and, for several addresses, of their parts. */
function causesOf(error: unknown, depth = 0): string[] {
  const { cause } = fieldsOf(error);
  if (!(cause instanceof Error) || depth > 4) return [];
  const { code } = fieldsOf(cause);
  return [typeof code === 'string' ? code : cause.message, ...causesOf(cause, depth + 1)];
}

function withoutKey(text: string, key: string): string {
  return key === '' ? text : text.replaceAll(key, '[key]');
}
