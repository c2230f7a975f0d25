// Maps a response that is an error, or an error inside of an answer, to the error catalogue.

import { taskError, type TaskError, type TaskErrorCode, type TaskErrorDetails } from '../../job/errors/index.ts';
import { redirected } from '../provider/connection.ts';
import type { Received } from '../provider/exchange.ts';
import { retryHint } from '../provider/retryHint.ts';
import { readErrorBody, type ErrorBody } from './errorBody.ts';

/** For a response with an error status, or whose body is an error. `now` is ms since the epoch. */
export function failureOfResponse(response: Received, now: number): TaskError {
  if (response.status >= 300 && response.status < 400) return redirected('OpenAI', response);
  const body = readErrorBody(response.body);
  // A gateway may answer 200 with an error in the body.
  const status = response.status < 300 ? (statusOf(body) ?? 500) : response.status;
  return failureOf(status, body, response.headers, now);
}

/** For an error that an answer with status 200 holds: a failed response, or an event of a stream. */
export function failureInside(body: ErrorBody, headers: Headers, now: number): TaskError {
  return failureOf(statusOf(body) ?? 500, body, headers, now);
}

function failureOf(status: number, body: ErrorBody, headers: Headers, now: number): TaskError {
  const code = codeOf(status, body);
  const named = body.code ?? body.type;
  const error = taskError(code, `OpenAI answered ${status}${sentence(body)}`, {
    provider: { status, ...(named === undefined ? {} : { code: named }) },
    ...detailsOf(code, body),
  });
  const retryAfter = error.retryable ? delayOf(headers, body, now) : undefined;
  return retryAfter === undefined ? error : { ...error, retryAfter };
}

function codeOf(status: number, body: ErrorBody): TaskErrorCode {
  const { code = '', message } = body;
  if (refusals.test(code)) return 'PromptRefused';
  if (isKeysAffair(status, body)) return 'KeyRefused';
  if (isBilling(status, body)) return isPermanent(body) ? 'QuotaUnavailable' : 'QuotaExhausted';
  if (status === 429) return codeOfLimit(body);
  if (status === 402) return 'QuotaUnavailable';
  if (status === 403) return 'PermissionDenied';
  if (code === 'model_not_found' || (status === 400 && noSuchModel.test(message))) return 'ModelNotFound';
  // The address of the interface is wrong, not the model.
  if (status === 404) return /\binvalid url\b/i.test(message) ? 'RequestRefused' : 'ModelNotFound';
  if (status === 407) return 'ProviderUnreachable';
  if (status === 408 || status === 409 || status === 499) return 'ProviderError';
  if (status < 500) return 'RequestRefused';
  return isUnavailable(status, body) ? 'ProviderUnavailable' : 'ProviderError';
}

/** What the safety system refuses. A refusal of the output has the same codes: the service does not tell them apart. */
const refusals =
  /^(?:moderation_blocked|content_policy_violation|content_filter|image_content_policy_violation|invalid_prompt|bio_policy|cyber_policy_violation|misalignment_policy_violation)$/;

const noSuchModel = /\bmodel\b[^.]{0,80}\b(?:does not exist|not found|has been (?:deprecated|shut down|retired))\b/i;

/** A key that no request can use: wrong, revoked, of a deactivated account, without the needed scope, or used from elsewhere. */
function isKeysAffair(status: number, { code = '', message }: ErrorBody): boolean {
  if (status >= 500) return false;
  if (status === 401 || keyCodes.test(code) || aboutKey.test(message)) return true;
  return status === 403 && /\bmissing scopes\b|\bcountry, region\b|\binsufficient permissions\b/i.test(message);
}

const keyCodes =
  /^(?:invalid_api_key|account_deactivated|invalid_organization|organization_deactivated|mismatched_(?:organization|project)|ip_not_authorized|unsupported_country_region_territory|key_expired|revoked_api_key)$/;
const aboutKey =
  /\bincorrect api key\b|\bapi key\b[^.]{0,30}\b(?:not valid|invalid|expired|revoked|disabled|deleted)\b|\baccount\b[^.]{0,30}\b(?:deactivated|disabled|suspended)\b/i;

/** Money: credit is used up, or a limit of spending is reached. Both renew by a month, or by a person. */
function isBilling(status: number, { code = '', type = '' }: ErrorBody): boolean {
  if (status >= 500) return false;
  return billing.test(code) || billing.test(type);
}

const billing = /^(?:insufficient_quota|billing_hard_limit_reached|billing_not_active|access_terminated)$/;

const isPermanent = ({ code = '', type = '' }: ErrorBody): boolean =>
  /^(?:billing_not_active|access_terminated)$/.test(`${code}${code === '' ? type : ''}`);

/** A limit per day outlasts one per minute, and a limit of zero never refills. A request above the limit fits at no time. */
function codeOfLimit({ message, code = '' }: ErrorBody): TaskErrorCode {
  if (/\brequest too large\b/i.test(message)) return 'RequestRefused';
  if (/\blimit:? 0\b(?!\.\d)/i.test(message)) return 'QuotaUnavailable';
  if (code === 'slow_down' || isOverload(message)) return 'ProviderUnavailable';
  return /\bper day\b|\b[RT]PD\b/i.test(message) ? 'QuotaExhausted' : 'RateLimited';
}

/** 520 to 530: a gateway cannot reach the service, or finds it overloaded. */
const isUnavailable = (status: number, { message, code }: ErrorBody): boolean =>
  [502, 503, 504].includes(status) ||
  (status >= 520 && status <= 530) ||
  code === 'slow_down' ||
  code === 'engine_overloaded' ||
  isOverload(message);

const isOverload = (message: string): boolean => /\boverload(?:ed)?\b|\bat capacity\b|\bhigh demand\b/i.test(message);

/** The status that OpenAI gives to the code elsewhere, for errors that come with status 200. */
function statusOf({ code = '', type }: ErrorBody): number | undefined {
  if (code === 'rate_limit_exceeded' || billing.test(code)) return 429;
  if (code === 'invalid_api_key') return 401;
  if (code === 'model_not_found') return 404;
  if (/^(?:server_error|vector_store_timeout|internal_error)$/.test(code)) return 500;
  if (type === 'invalid_request_error' || type === 'image_generation_user_error') return 400;
  return refusals.test(code) || /^(?:invalid_|image_|empty_|unsupported_|failed_to_download)/.test(code)
    ? 400
    : undefined;
}

function detailsOf(code: TaskErrorCode, body: ErrorBody): TaskErrorDetails {
  if (code === 'QuotaExhausted' && isBilling(400, body)) {
    return {
      hint: 'Top up the credit or raise the monthly limit of the key, or add a key. The task waits for a usable key until its queue timeout.',
    };
  }
  if (code === 'PermissionDenied' && /\borganization must be verified\b/i.test(body.message)) {
    return { hint: "Verify the key's organization at OpenAI, or choose another model." };
  }
  if (code !== 'RequestRefused') return {};
  if (/\binvalid url\b/i.test(body.message)) {
    return {
      hint: 'Set GENWARDEN_OPENAI_BASE_URL, or baseUrl of the pool, to the address with its version, such as https://api.openai.com/v1.',
    };
  }
  return body.param === undefined ? {} : { hint: `Check ${body.param} against the documentation of the model.` };
}

/**
 * The longest wait that the response asks for, ms. `x-ratelimit-reset-*` say when a limit is whole again, so only those of a limit
 * that is used up count, and only if nothing else says how long to wait.
 */
function delayOf(headers: Headers, { message }: ErrorBody, now: number): number | undefined {
  const asked = retryHint(
    { header: headers.get('retry-after'), details: delays(millisecondsIn(headers)), message },
    now,
  );
  if (asked !== undefined) return asked;
  const resets = ['requests', 'tokens', 'input-images'].flatMap((what) => {
    if (headers.get(`x-ratelimit-remaining-${what}`) !== '0') return [];
    return headers.get(`x-ratelimit-reset-${what}`) ?? [];
  });
  return retryHint({ header: null, details: delays(resets), message: '' }, now);
}

const millisecondsIn = (headers: Headers): string[] => {
  const text = headers.get('retry-after-ms')?.trim() ?? '';
  return /^\d+(?:\.\d+)?$/.test(text) ? [`${text}ms`] : [];
};

const delays = (texts: readonly string[]): { retryDelay: string }[] => texts.map((retryDelay) => ({ retryDelay }));

function sentence({ message, param }: ErrorBody): string {
  if (message === '') return '';
  const place = param === undefined || message.includes(param) ? '' : ` (${param})`;
  return `: ${message.slice(0, 400)}${place}`;
}
