// Maps a response that is an error to the error catalogue.

import { taskError, type TaskError, type TaskErrorCode, type TaskErrorDetails } from '../../job/errors/index.ts';
import { nameOf, readErrorBody, reasonsOf, type ErrorBody } from './errorBody.ts';
import { redirected } from '../provider/connection.ts';
import type { Received } from '../provider/exchange.ts';
import { hasViolations, quotaCode } from './quota.ts';
import { retryHint } from '../provider/retryHint.ts';

/** For a response with an error status, or whose body is an error. `now` is ms since the epoch. */
export function failureOfResponse(response: Received, model: string, now: number): TaskError {
  if (response.status >= 300 && response.status < 400) return redirected('Gemini', response);
  const body = readErrorBody(response.body);
  // A gateway may answer 200 with an error in the body.
  const status = response.status < 300 ? (body.code ?? 500) : response.status;
  const code = codeOf(status, body, model);
  const details = detailsOf(code, body);
  const error = taskError(code, `Gemini answered ${status}${sentence(body.message)}`, {
    provider: { status, ...providerCode(code, body) },
    ...details,
  });
  const header = response.headers.get('retry-after');
  const retryAfter = error.retryable ? retryHint({ header, ...body }, now) : undefined;
  return retryAfter === undefined ? error : { ...error, retryAfter };
}

function codeOf(status: number, body: ErrorBody, model: string): TaskErrorCode {
  if (isKeysAffair(status, body, model)) return 'KeyRefused';
  if (isQuota(status, body))
    return isOverload(body) && !hasViolations(body) ? 'ProviderUnavailable' : quotaCode(body, model);
  if (status === 402) return 'QuotaUnavailable';
  if (status < 500 && (isOverload(body) || body.status === 'UNAVAILABLE')) return 'ProviderUnavailable';
  if (status === 403) return aboutResource.test(body.message) ? 'RequestRefused' : 'PermissionDenied';
  if (status === 404) return aboutResource.test(body.message) ? 'RequestRefused' : 'ModelNotFound';
  if (status === 407) return 'ProviderUnreachable';
  if (status === 408 || status === 409 || status === 499) return 'ProviderError';
  if (status < 500) return 'RequestRefused';
  return isUnavailable(status, body) ? 'ProviderUnavailable' : 'ProviderError';
}

/** Google's older interface answers 403 for a quota too. */
function isQuota(status: number, { status: name, message }: ErrorBody): boolean {
  if (status === 429 || (status < 500 && name === 'RESOURCE_EXHAUSTED')) return true;
  return status === 403 && /\b(?:quota|(?:rate|daily) limit)\b[^.]{0,20}\bexceeded\b/i.test(message);
}

/** 520 to 530: a gateway cannot reach the service, or finds it overloaded. */
const isUnavailable = (status: number, body: ErrorBody): boolean =>
  [502, 503, 504].includes(status) ||
  (status >= 520 && status <= 530) ||
  body.status === 'UNAVAILABLE' ||
  isOverload(body);

const isOverload = ({ message }: ErrorBody): boolean =>
  /\b(?:model|service|server|system|backend|provider|engine|api)s?\b[^.]{0,40}\boverload(?:ed)?\b|^\W*overloaded\b|\bhigh demand\b|\b(?:at|over|insufficient|no) capacity\b/i.test(
    message,
  );

/** The reasons of google.api.ErrorReason that lie with the key, its restrictions, its project or its account. */
const keyReasons =
  /^(?:API_KEY_|CONSUMER_|SERVICE_(?:DISABLED|NOT_ACTIVATED|NOT_VISIBLE|SUSPENDED)|BILLING_DISABLED|ACCESS_TOKEN_|ACCOUNT_STATE_INVALID|CREDENTIALS_MISSING|USER_(?:PROJECT_DENIED|BLOCKED_BY_ADMIN)|RESOURCE_PROJECT_INVALID|GCP_SUSPENDED|LOCATION_|ORG_RESTRICTION_|RESOURCE_USAGE_RESTRICTION_VIOLATED|SECURITY_POLICY_VIOLATED|SESSION_COOKIE_INVALID)/;

/** An invalid key answers 400 with a reason in the details, not 401; a leaked key answers 403. */
function isKeysAffair(status: number, body: ErrorBody, model: string): boolean {
  if (status >= 500) return false;
  if (status === 401 || reasonsOf(body).some((reason) => keyReasons.test(reason)) || aboutKey.test(body.message))
    return true;
  if (isQuota(status, body)) return false;
  if (status === 403) return !isAboutModel(body.message, model) && !aboutResource.test(body.message);
  if (status !== 400) return false;
  if (aboutLocation.test(body.message) || aboutAccount.test(body.message)) return true;
  // Such as billing. A precondition of something that the request names is the request's affair.
  return (
    body.status === 'FAILED_PRECONDITION' && !(aboutResource.test(body.message) && !aboutProject.test(body.message))
  );
}

const aboutKey =
  /\bapi[ _-]?key\b[^.]{0,30}?\b(?:not valid|invalid|expired|not found|was reported as leaked|leaked|revoked|disabled|deleted|suspended|blocked|restricted)\b/i;
const aboutAccount =
  /\b(?:project|account|consumer)\b[^.]{0,40}?\b(?:denied access|suspended|disabled|terminated|deleted|banned)\b/i;
const aboutLocation =
  /\b(?:user )?location is not supported\b|\bnot (?:available|supported) in your (?:country|region|location)\b/i;
const aboutProject = /\b(?:location|region|country|billing|free tier|project|account|api key|consumer|terms)\b/i;

/** Something that the request names: refused for any key, so the key is not at fault. */
const aboutResource = /\bfiles?\b|\bfileSearchStores?\b|\bcached ?contents?\b|\bcorp(?:us|ora)\b/i;

function isAboutModel(message: string, model: string): boolean {
  const named = new RegExp(String.raw`(?<![\w.-])${model.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)}(?![\w-])`);
  return (
    named.test(message) ||
    /\b(?:the|this|that|requested|tuned) model\b|\b(?:tuned)?models?\/\w|\baccess to models?\b/i.test(message)
  );
}

/** For a refused key the reason, because it tells what to do. */
function providerCode(code: TaskErrorCode, body: ErrorBody): { code?: string } {
  const reason = reasonsOf(body)[0];
  const name = code === 'KeyRefused' ? (reason ?? body.status) : body.status;
  return nameOf(name) === undefined ? {} : { code: name! };
}

function detailsOf(code: TaskErrorCode, { message }: ErrorBody): TaskErrorDetails {
  if (code !== 'RequestRefused' || !/\bUnknown name\b/.test(message)) return {};
  const setting = 'GENWARDEN_GEMINI_API_VERSION, or apiVersion of the pool';
  return {
    hint: `The API version that the workers use lacks the field that the message names. Set ${setting}, to v1beta.`,
  };
}

const sentence = (message: string): string => (message === '' ? '' : `: ${message.slice(0, 400)}`);
