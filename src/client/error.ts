// The error that the client throws when the API refuses a request.

/** The problem document (RFC 9457) of every error of the API. */
export interface Problem {
  /** The page that explains the code. */
  type: string;
  title: string;
  status: number;
  detail: string;
  /** A code of the error catalogue. */
  code: string;
  /** What to do. */
  hint: string;
  requestId: string;
  errors?: { path: string; message: string }[];
  /** The job that a submit without an answer may have stored. */
  jobId?: string;
  /** Send the same body with this key to try again safely. */
  idempotencyKey?: string;
}

/** A problem document of the API, or the partial one that the client creates for a response from something else. */
type PossibleProblem = Partial<Problem> & Pick<Problem, 'title' | 'status' | 'detail' | 'code' | 'hint'>;

export class GenwardenApiError extends Error {
  override readonly name = 'GenwardenApiError';
  readonly status: number;
  /** A code of the error catalogue; `Unknown` if the answer did not come from the API. */
  readonly code: string;
  readonly detail: string;
  /** What to do. */
  readonly hint: string;
  readonly errors: readonly { readonly path: string; readonly message: string }[];
  readonly problem: PossibleProblem;
  /** How long to wait before a retry, if the response specifies it, ms. */
  readonly retryAfter: number | undefined;

  constructor(problem: PossibleProblem, retryAfter?: number) {
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
