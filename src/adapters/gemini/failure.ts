// Maps the SDK's errors to the error catalogue. `ApiError` has only a status and a message: the message is the response's
// JSON body, or JSON inside JSON if the response's content type was not JSON.

import { ApiError } from '@google/genai/web';
import { taskError, type TaskError, type TaskErrorCode } from '../../job/errors/index.ts';

/** The catalogue's error. `key` is removed from its message, because some servers repeat it. */
export function failureOf(error: unknown, key: string): TaskError {
  const failure = error instanceof ApiError ? fromResponse(error) : withoutResponse(error);
  return { ...failure, message: withoutKey(failure.message, key) };
}

/** The content of `{"error": {…}}` in the answers of Google's APIs. */
interface ErrorBody {
  readonly message: string;
  readonly status: string | undefined;
  readonly details: readonly Readonly<Record<string, unknown>>[];
}

function fromResponse(error: ApiError): TaskError {
  const body = readBody(error.message, 0);
  const code = codeOf(error.status, body);
  const retryAfter = code === 'RateLimited' || code === 'QuotaExhausted' ? retryDelay(body) : undefined;
  const detail = body.message === '' ? '' : `: ${body.message.slice(0, 400)}`;
  return taskError(code, `Gemini answered ${error.status}${detail}`, {
    provider: { status: error.status, ...(body.status === undefined ? {} : { code: body.status }) },
    ...(retryAfter === undefined ? {} : { retryAfter }),
  });
}

function codeOf(status: number, body: ErrorBody): TaskErrorCode {
  if (isKeyRefused(status, body)) return 'KeyRefused';
  if (status === 429) return isDailyQuota(body) ? 'QuotaExhausted' : 'RateLimited';
  // 400 FAILED_PRECONDITION: the service or its free tier is not available in the region of the key's project.
  if (status === 403 || body.status === 'FAILED_PRECONDITION') return 'PermissionDenied';
  if (status === 404) return 'ModelNotFound';
  if (status === 408 || status === 409 || status === 499) return 'ProviderError';
  if (status < 500) return 'RequestRefused';
  return status === 502 || status === 503 || status === 504 ? 'ProviderUnavailable' : 'ProviderError';
}

/** An invalid key answers 400 with a reason in the details, not 401; a leaked key answers 403. */
function isKeyRefused(status: number, body: ErrorBody): boolean {
  if (status === 401) return true;
  if (status !== 400 && status !== 403) return false;
  return (
    body.details.some(({ reason }) => reason === 'API_KEY_INVALID') ||
    /api key (not valid|expired|not found|was reported as leaked)/i.test(body.message)
  );
}

function isDailyQuota({ details }: ErrorBody): boolean {
  const violations = details.flatMap(({ violations: list }) => (Array.isArray(list) ? (list as unknown[]) : []));
  return violations.some((violation) => /per_?day/i.test(JSON.stringify(fieldsOf(violation)['quotaId'] ?? '')));
}

/** From google.rpc.RetryInfo, `38s` or `0.5s`, which is often absent. ms. */
function retryDelay({ details }: ErrorBody): number | undefined {
  const delays = details.map(({ retryDelay: delay }) => /^(\d+(?:\.\d+)?)s$/.exec(String(delay))?.[1]);
  const seconds = delays.find((delay) => delay !== undefined);
  return seconds === undefined ? undefined : Math.ceil(Number(seconds) * 1_000);
}

function readBody(text: string, depth: number): ErrorBody {
  const error = fieldsOf(fieldsOf(parsed(text))['error']);
  const message = error['message'];
  if (typeof message !== 'string') return { message: sentenceOf(text), status: undefined, details: [] };
  if (depth < 3 && /^\s*[[{]/.test(message) && parsed(message) !== undefined) return readBody(message, depth + 1);
  const { status, details } = error;
  return {
    message: sentenceOf(message),
    status: typeof status === 'string' && status !== '' ? status : undefined,
    details: Array.isArray(details) ? details.map(fieldsOf) : [],
  };
}

/** The HTML page of a proxy is replaced by a short description. */
function sentenceOf(text: string): string {
  return /^\s*</.test(text) ? 'an HTML page' : text.trim();
}

/** Some answers are a list with one error. */
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

/** An error without a status: the connection failed, or the answer is invalid. */
function withoutResponse(error: unknown): TaskError {
  const message = error instanceof Error ? error.message : String(error);
  const causes = causesOf(error);
  // fetch reports `fetch failed` or `terminated` (an incomplete body); only the cause has the reason.
  if (error instanceof TypeError && causes.length > 0) {
    return taskError('ProviderUnreachable', `The connection to Gemini failed: ${message} (${causes.join(', ')})`);
  }
  return taskError('ProviderResponseInvalid', `Cannot read Gemini's answer: ${message.slice(0, 200)}`);
}

/** The causes' codes, such as ECONNREFUSED. */
function causesOf(error: unknown, depth = 0): string[] {
  const { cause } = fieldsOf(error);
  if (!(cause instanceof Error) || depth > 4) return [];
  const { code } = fieldsOf(cause);
  return [typeof code === 'string' ? code : cause.message, ...causesOf(cause, depth + 1)];
}

function withoutKey(text: string, key: string): string {
  return key === '' ? text : text.replaceAll(key, '[key]');
}
