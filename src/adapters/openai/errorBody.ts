// Reads the body of an error from OpenAI's interface, or from a server between: `{"error": {…}}`, `{"error": "…"}`, JSON inside
// JSON, an HTML page, or nothing.

import { errorJsonIn, fieldsOf, sentenceOf, type Fields } from '../provider/looseJson.ts';

/** The content of `{"error": {…}}`. */
export interface ErrorBody {
  readonly message: string;
  /** Such as `insufficient_quota` or `rate_limit_exceeded`. */
  readonly code: string | undefined;
  /** Such as `invalid_request_error`, or what a limit counts: `requests`, `tokens`. */
  readonly type: string | undefined;
  /** The parameter at fault. */
  readonly param: string | undefined;
}

export function readErrorBody(text: string): ErrorBody {
  const body = fieldsOf(errorJsonIn(text));
  const error = body['error'] ?? (typeof body['message'] === 'string' ? body : undefined);
  if (typeof error === 'string') return { ...none, message: sentenceOf(error) };
  const found = errorOf(fieldsOf(error));
  return found.message === '' && found.code === undefined ? { ...none, message: sentenceOf(text) } : found;
}

/** The error inside of a response or of an event. */
export function errorOf({ message, code, type, param }: Fields): ErrorBody {
  return {
    message: typeof message === 'string' ? sentenceOf(message) : '',
    // Some gateways put a number here.
    code: nameOf(code),
    type: nameOf(type),
    param: typeof param === 'string' && param !== '' ? param.slice(0, 80) : undefined,
  };
}

/** Whether the body is an error, as some gateways send it with status 200. */
export function isErrorBody(value: unknown): boolean {
  const { error, data, output } = fieldsOf(value);
  return data === undefined && output === undefined && typeof error === 'object' && error !== null;
}

/** Undefined for anything but a name in small letters, so that no other text passes for one. */
export function nameOf(value: unknown): string | undefined {
  return typeof value === 'string' && /^[a-z][\w.-]{1,79}$/i.test(value) ? value : undefined;
}

const none = { code: undefined, type: undefined, param: undefined };
