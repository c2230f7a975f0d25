// Errors in the format of Google's APIs: {"error": {code, message, status, details}}.

/** Thrown anywhere in the stand-in; becomes the answer. */
export class GoogleError extends Error {
  readonly code: number;
  readonly details: readonly object[];

  constructor(code: number, message: string, details: readonly object[] = []) {
    super(message);
    this.code = code;
    this.details = details;
  }

  toJSON(): object {
    const status = statusNames[this.code] ?? 'UNKNOWN';
    const details = this.details.length === 0 ? {} : { details: this.details };
    return { error: { code: this.code, message: this.message, status, ...details } };
  }
}

export function statusError(code: number, model: string): GoogleError {
  if (code === 403) return forbidden();
  if (code === 404) return modelNotFound(model);
  return new GoogleError(code, messages[code] ?? `The stand-in is configured to answer ${code}.`);
}

export function badKey(): GoogleError {
  const type = 'type.googleapis.com/google.rpc.ErrorInfo';
  const metadata = { service: 'generativelanguage.googleapis.com' };
  const info = { '@type': type, reason: 'API_KEY_INVALID', domain: 'googleapis.com', metadata };
  return new GoogleError(400, 'API key not valid. Please pass a valid API key.', [info]);
}

export function missingKey(): GoogleError {
  return new GoogleError(403, "Method doesn't allow unregistered callers. Please use API Key to call this API.");
}

export function forbidden(): GoogleError {
  return new GoogleError(403, 'Your API key does not have permission to use this model.');
}

export function modelNotFound(model: string): GoogleError {
  return new GoogleError(404, `models/${model} is not found, or is not supported for generateContent.`);
}

/** `retryMs` undefined: no google.rpc.RetryInfo, as the real service often leaves it out. */
export function rateLimited(
  model: string,
  quota: 'minute' | 'day' | 'credit',
  retryMs: number | undefined,
): GoogleError {
  if (quota === 'credit') return new GoogleError(429, 'Your prepayment credits are depleted.');
  const per = quota === 'day' ? 'PerDay' : 'PerMinute';
  const violation = {
    quotaMetric: 'generativelanguage.googleapis.com/generate_content_requests',
    quotaId: `GenerateRequests${per}PerProjectPerModel`,
    quotaDimensions: { location: 'global', model },
    quotaValue: '10',
  };
  const failure = { '@type': 'type.googleapis.com/google.rpc.QuotaFailure', violations: [violation] };
  const retry = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${(retryMs ?? 0) / 1000}s` };
  const message = 'You exceeded your current quota, please check your plan and billing details.';
  return new GoogleError(429, message, retryMs === undefined ? [failure] : [failure, retry]);
}

const statusNames: Record<number, string> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ABORTED',
  429: 'RESOURCE_EXHAUSTED',
  499: 'CANCELLED',
  500: 'INTERNAL',
  501: 'UNIMPLEMENTED',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};

const messages: Record<number, string> = {
  400: 'Request contains an invalid argument.',
  401: 'Request had invalid authentication credentials.',
  500: 'An internal error has occurred. Please retry.',
  503: 'The model is overloaded. Please try again later.',
  504: 'Deadline expired before operation could complete.',
};
