// What the client throws when the API says no.

/** The parts of a problem document (RFC 9457) that the API answers errors with. */
export interface Problem {
  status: number;
  code: string;
  title: string;
  detail: string;
  hint: string;
  errors?: { path: string; message: string }[];
  requestId?: string;
  jobId?: string;
  idempotencyKey?: string;
}

export class GenwardenApiError extends Error {
  override readonly name = 'GenwardenApiError';
  readonly status: number;
  /** A code of the error catalogue; `Unknown` where the answer was not the API's. */
  readonly code: string;
  readonly detail: string;
  /** What to do. */
  readonly hint: string;
  readonly errors: readonly { readonly path: string; readonly message: string }[];
  readonly problem: Problem;
  /** Milliseconds after which the same may be tried again, where the answer says so. */
  readonly retryAfter: number | undefined;

  constructor(problem: Problem, retryAfter?: number) {
    super(problem.detail);
    this.status = problem.status;
    this.code = problem.code;
    this.detail = problem.detail;
    this.hint = problem.hint;
    this.errors = problem.errors ?? [];
    this.problem = problem;
    this.retryAfter = retryAfter;
  }
}

export async function errorOf(response: Response): Promise<GenwardenApiError> {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  const retryAfter = Number.isFinite(seconds) ? seconds * 1_000 : undefined;
  const body: unknown = await response.json().catch(() => undefined);
  if (isProblem(body)) return new GenwardenApiError(body, retryAfter);
  const detail = `${response.url} answered ${response.status} without a problem document`;
  const hint = 'Check that the address is that of a Genwarden API.';
  return new GenwardenApiError(
    { status: response.status, code: 'Unknown', title: response.statusText, detail, hint },
    retryAfter,
  );
}

function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'code' in body && 'detail' in body && 'status' in body;
}
