// Checks a key by a call that generates nothing and costs nothing, for `genwarden doctor`.

import { AttemptFailed, type TaskError } from '../../job/errors/index.ts';
import { cleanedFailure, failureWithoutResponse, throwUnlessSendable } from './connection.ts';
import { startOfBody } from './answerBody.ts';
import type { Received } from './exchange.ts';
import { transport } from './transport.ts';

export interface KeyCheck {
  /** Of the list of models. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly key: string;
  /** The provider's name in messages. */
  readonly title: string;
  readonly failureOf: (received: Received) => TaskError;
  /** Replaces Node's own in tests. */
  readonly fetch: typeof globalThis.fetch | undefined;
}

/** Bytes: enough for an error. */
const longestError = 65_536;

/** Resolves if the provider answers with success. Throws `AttemptFailed` without the key in it, or the signal's reason. */
export async function checkKey(check: KeyCheck, signal: AbortSignal): Promise<void> {
  const { url, headers, key, title, failureOf, fetch = transport } = check;
  throwUnlessSendable(key);
  try {
    const response = await fetch(url, { headers, redirect: 'manual', signal });
    if (response.ok) return await response.body?.cancel();
    const body = await startOfBody(response, longestError);
    throw new AttemptFailed(failureOf({ status: response.status, headers: response.headers, body }));
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof AttemptFailed) throw cleanedFailure(title, error, key);
    throw cleanedFailure(title, new AttemptFailed(failureWithoutResponse(title, error)), key);
  }
}

/** The address without its path, user and password. */
export const originOf = (url: string): string => (URL.canParse(url) ? new URL(url).origin : 'an invalid address');
