// Errors in the format of OpenAI's interface: {"error": {message, type, param, code}}.

/** Thrown anywhere in the dialect; becomes the answer. */
export class OpenAIError extends Error {
  readonly status: number;
  readonly type: string;
  readonly code: string | null;
  readonly param: string | null;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, about: About = {}) {
    super(message);
    this.status = status;
    this.type = about.type ?? (status >= 500 ? 'server_error' : 'invalid_request_error');
    this.code = about.code ?? null;
    this.param = about.param ?? null;
    this.headers = about.headers ?? {};
  }

  toJSON(): object {
    const { message, type, param, code } = this;
    return { error: { message, type, param, code } };
  }
}

interface About {
  type?: string;
  code?: string;
  param?: string;
  headers?: Readonly<Record<string, string>>;
}

export function invalid(message: string, param: string, code = 'invalid_value'): OpenAIError {
  return new OpenAIError(400, message, { param, code });
}

export function statusError(status: number, model: string): OpenAIError {
  if (status === 401) return badKey('');
  if (status === 403) return forbidden(model);
  if (status === 404) return modelNotFound(model);
  return new OpenAIError(status, messages[status] ?? `The stand-in is configured to answer ${status}.`);
}

/** Shows the beginning and the end of the key, as the real service does. */
export function badKey(key: string): OpenAIError {
  const shown = key.length > 12 ? `${key.slice(0, 8)}${'*'.repeat(key.length - 12)}${key.slice(-4)}` : key;
  const message = `Incorrect API key provided: ${shown}. You can find your API key at https://platform.openai.com/account/api-keys.`;
  return new OpenAIError(401, message, { code: 'invalid_api_key' });
}

export function missingKey(): OpenAIError {
  return new OpenAIError(
    401,
    "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth.",
  );
}

export function forbidden(model: string): OpenAIError {
  const message = `Project \`proj_1\` does not have access to model \`${model}\``;
  return new OpenAIError(403, message, { code: 'model_not_found' });
}

export function modelNotFound(model: string): OpenAIError {
  const message = `The model \`${model}\` does not exist or you do not have access to it.`;
  return new OpenAIError(404, message, { code: 'model_not_found' });
}

/** `retryMs` undefined: no words and no headers that say how long. */
export function rateLimited(
  model: string,
  quota: 'minute' | 'day' | 'credit',
  retryMs: number | undefined,
): OpenAIError {
  if (quota === 'credit') {
    const message = 'You exceeded your current quota, please check your plan and billing details.';
    return new OpenAIError(429, message, { type: 'insufficient_quota', code: 'insufficient_quota' });
  }
  const per = quota === 'day' ? 'requests per day (RPD)' : 'requests per min (RPM)';
  const limit = `Rate limit reached for ${model} in organization org-1 on ${per}: Limit 10, Used 10, Requested 1.`;
  const about = { type: 'requests', code: 'rate_limit_exceeded' };
  if (retryMs === undefined) return new OpenAIError(429, limit, about);
  const headers = {
    'retry-after-ms': String(retryMs),
    'x-ratelimit-remaining-requests': '0',
    'x-ratelimit-reset-requests': `${retryMs / 1_000}s`,
  };
  return new OpenAIError(429, `${limit} Please try again in ${retryMs / 1_000}s.`, { ...about, headers });
}

export function moderationBlocked(): OpenAIError {
  const message =
    'Your request was rejected by the safety system. If you believe this is an error, contact us at help.openai.com. safety_violations=[violence].';
  return new OpenAIError(400, message, { type: 'image_generation_user_error', code: 'moderation_blocked' });
}

export function invalidPrompt(): OpenAIError {
  const message = 'Invalid prompt: your prompt was flagged as potentially violating our usage policy.';
  return new OpenAIError(400, message, { code: 'invalid_prompt' });
}

const messages: Record<number, string> = {
  400: 'Invalid request.',
  409: 'The request conflicts with another request.',
  500: 'The server had an error while processing your request. Sorry about that!',
  502: 'Bad gateway.',
  503: 'The engine is currently overloaded, please try again later.',
};
