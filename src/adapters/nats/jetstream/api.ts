// Calls of the JetStream API: one JSON request, one JSON answer, retried until the answer is final.

import { JetStreamApiError, type ApiError, type ConsumerInfo, type StreamInfo } from '@nats-io/jetstream';
import { isNotFound, NoAnswer, statuses, statusOf } from './errors.ts';
import { requestsOf, type Request, type RequestLink } from './requests.ts';
import { retry, whileRunning, type RetryPolicy } from './retry.ts';

/** How long a single attempt may take, ms. */
export const attemptTimeout = 2_000;

/** Throws `JetStreamApiError` for a final error answer, `Unavailable`, or `NatsPermissionDenied`. */
export async function askApi<T>(link: RequestLink, method: string, body: unknown, policy = whileRunning): Promise<T> {
  const request = { subject: `${link.apiPrefix}.${method}`, payload: JSON.stringify(body), timeout: attemptTimeout };
  return retry(policy, `${method} failed`, () => answerOf<T>(link, request));
}

/** One attempt; throws `NoAnswer` or `JetStreamApiError`. */
export async function answerOf<T>(link: RequestLink, request: Request): Promise<T> {
  const answer = await requestsOf(link).one(request);
  if (answer === undefined) throw new NoAnswer(`timeout after ${request.timeout / 1_000} s`);
  if (statusOf(answer) === statuses.noResponders) throw new NoAnswer('no responders');
  const parsed = answer.json<T & { readonly error?: ApiError }>();
  if (parsed.error !== undefined) throw new JetStreamApiError(parsed.error);
  return parsed;
}

/** The stream's information from its leader. Throws as `askApi` does. */
export const streamInfo = (link: RequestLink, stream: string, policy?: RetryPolicy): Promise<StreamInfo> =>
  askApi(link, `STREAM.INFO.${stream}`, {}, policy);

/** Undefined if there is no such consumer or stream. Throws as `askApi` does. */
export function consumerInfo(link: RequestLink, stream: string, consumer: string): Promise<ConsumerInfo | undefined> {
  return unlessNotFound(askApi(link, `CONSUMER.INFO.${stream}.${consumer}`, {}));
}

/** Deletes the messages of subjects that match `filter`, those before the sequence `seq` if it is given. */
export async function purgeStream(
  link: RequestLink,
  stream: string,
  options: { readonly filter: string; readonly seq?: number },
  policy?: RetryPolicy,
): Promise<void> {
  await unlessNotFound(askApi(link, `STREAM.PURGE.${stream}`, options, policy));
}

async function unlessNotFound<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
