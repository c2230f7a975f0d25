// The error for input that fails validation. The API and the operator report the same fields in the same way.

import { GenwardenError } from './index.ts';

export interface FieldError {
  /** The place in the input, such as `tasks[3].input.prompt`. */
  readonly path: string;
  readonly message: string;
}

/** An `InvalidRequest` that names the first error in its message and lists all of them in its details. */
export function invalidRequest(errors: readonly FieldError[]): GenwardenError {
  const [first] = errors;
  const rest = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  const detail = first === undefined ? 'The request is not valid' : `${first.path}: ${first.message}${rest}`;
  return new GenwardenError('InvalidRequest', detail, { details: { errors } });
}
