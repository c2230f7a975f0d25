// Reads the body of an error from Google's APIs, or from a server between: `{"error": {…}}`, a list of one, JSON inside JSON, an
// HTML page, or nothing.

import { errorJsonIn, fieldsOf, sentenceOf, type Fields } from '../provider/looseJson.ts';

/** The content of `{"error": {…}}`. */
export interface ErrorBody {
  readonly message: string;
  /** Such as `RESOURCE_EXHAUSTED`. */
  readonly status: string | undefined;
  /** The HTTP status that the body names. */
  readonly code: number | undefined;
  readonly details: readonly Fields[];
}

export function readErrorBody(text: string): ErrorBody {
  return read(text, 0);
}

function read(text: string, depth: number): ErrorBody {
  const error = fieldsOf(errorJsonIn(text))['error'];
  // OAuth's form: {"error": "invalid_token", "error_description": "…"}.
  const fields: Fields = typeof error === 'string' ? { message: error } : fieldsOf(error);
  const { message, status, code, details } = fields;
  if (typeof message !== 'string')
    return { message: sentenceOf(text), status: undefined, code: undefined, details: [] };
  if (depth < 3 && /^\s*[[{]/.test(message) && errorJsonIn(message) !== undefined) return read(message, depth + 1);
  return {
    message: sentenceOf(message),
    status: nameOf(status),
    code: typeof code === 'number' && code >= 400 && code < 600 ? code : undefined,
    details: Array.isArray(details) ? details.map(fieldsOf) : [],
  };
}

/** The reasons of google.rpc.ErrorInfo, such as `API_KEY_INVALID`. */
export function reasonsOf({ details }: ErrorBody): string[] {
  return details.flatMap(({ reason }) => nameOf(reason) ?? []);
}

/** Undefined for anything but a name in capitals, so that no other text passes for one. */
export function nameOf(value: unknown): string | undefined {
  return typeof value === 'string' && /^[A-Z][A-Z0-9_]{1,79}$/.test(value) ? value : undefined;
}
