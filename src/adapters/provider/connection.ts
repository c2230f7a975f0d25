// What an adapter reports when the connection fails, when the server redirects, and in place of an error that it did not expect.

import { AttemptFailed, taskError, type TaskError } from '../../job/errors/index.ts';
import type { Received } from './exchange.ts';
import { withoutKey } from './secret.ts';

/** For an error without a response: the connection failed, or the answer could not be read. `title` names the provider. */
export function failureWithoutResponse(title: string, error: unknown): TaskError {
  const message = error instanceof Error ? error.message : String(error);
  const causes = causesOf(error);
  // fetch reports `fetch failed` or `terminated` (an incomplete body); only the cause has the reason.
  if (error instanceof TypeError && causes.length > 0) {
    return taskError('ProviderUnreachable', `The connection to ${title} failed: ${message} (${causes.join(', ')})`);
  }
  return taskError('ProviderResponseInvalid', `Cannot read ${title}'s answer: ${message.slice(0, 200)}`);
}

/** The message names the host only: the rest of an address may hold secrets. */
export function redirected(title: string, { status, headers }: Pick<Received, 'status' | 'headers'>): TaskError {
  const location = headers.get('location');
  const host = location === null ? undefined : hostOf(location);
  const target = host === undefined ? 'another address' : host === '' ? 'another path of the same host' : host;
  return taskError('ProviderRedirected', `${title} answered ${status} and redirects to ${target}`, {
    provider: { status },
  });
}

/** The failure of an attempt without the key in its message; any other error becomes a failure. */
export function cleanedFailure(title: string, error: unknown, key: string): AttemptFailed {
  if (!(error instanceof AttemptFailed)) return new AttemptFailed(cleaned(failureWithoutResponse(title, error), key));
  return new AttemptFailed(cleaned(error.error, key), error.usage === undefined ? {} : { usage: error.usage });
}

const cleaned = (error: TaskError, key: string): TaskError => ({ ...error, message: withoutKey(error.message, key) });

/** Throws `AttemptFailed` (`KeyRefused`) for a key that no header can hold. */
export function throwUnlessSendable(key: string): void {
  if (/^[\x20-\x7e]+$/.test(key)) return;
  throw new AttemptFailed(taskError('KeyRefused', 'The API key has characters that an HTTP header cannot hold'));
}

/** Empty for a relative location; undefined for one that cannot be parsed. */
function hostOf(location: string): string | undefined {
  if (!URL.canParse(location, 'http://relative.invalid')) return undefined;
  const { host } = new URL(location, 'http://relative.invalid');
  return host === 'relative.invalid' ? '' : host;
}

/** The causes' codes, such as ECONNREFUSED. */
function causesOf(error: unknown, depth = 0): string[] {
  const { cause } = (error ?? {}) as { cause?: unknown };
  if (!(cause instanceof Error) || depth > 4) return [];
  const { code } = cause as { code?: unknown };
  return [typeof code === 'string' ? code : cause.message, ...causesOf(cause, depth + 1)];
}
