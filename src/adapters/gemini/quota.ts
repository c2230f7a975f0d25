// Tells apart what a 429 means for the key and the model: a limit per minute, a quota per day, or no quota at all.

import type { TaskErrorCode } from '../../job/errors/index.ts';
import { fieldsOf, type Fields } from '../provider/looseJson.ts';
import type { ErrorBody } from './errorBody.ts';

type QuotaCode = Extract<TaskErrorCode, 'RateLimited' | 'QuotaExhausted' | 'QuotaUnavailable'>;

/**
 * The worst violation decides: a quota of zero never refills, and one per day outlasts one per minute. If a violation names
 * the requested model, those of other models do not count. Words decide only where no violation says more.
 */
export function quotaCode(body: ErrorBody, model: string): QuotaCode {
  const violations = ofThisCall([...listed(body), ...namedInWords(body.message)], model);
  const isZero = namedInWords(body.message).length === 0 && wordedLimit(body.message) === 0;
  if (isZero || violations.some(({ limit }) => limit === 0) || neverRefills.test(body.message)) {
    return 'QuotaUnavailable';
  }
  const periods = violations.map(({ period }) => period);
  if (periods.includes('long')) return 'QuotaExhausted';
  if (periods.includes('short')) return 'RateLimited';
  return periodOf(body.message) === 'long' ? 'QuotaExhausted' : 'RateLimited';
}

/** Whether the body says that a quota was exceeded. */
export function hasViolations(body: ErrorBody): boolean {
  return listed(body).length > 0 || namedInWords(body.message).length > 0;
}

interface Violation {
  readonly period: 'short' | 'long' | undefined;
  readonly limit: number | undefined;
  readonly model: string | undefined;
}

/**
 * Not "check your plan and billing details", which every 429 says. A quota or credit that only a person can restore: billing
 * is off, prepaid credit is used up, the spending cap is reached, or the free tier does not offer the model.
 */
const neverRefills = new RegExp(
  [
    String.raw`\b(?:pre-?pa(?:id|yment)|credits?|credit balance|balance|funds)\b[^.]{0,60}\b(?:depleted|exhausted|used up|insufficient|run out|ran out|too low|gone|expired|is 0|zero)\b`,
    String.raw`\b(?:insufficient|no(?: more| remaining)?|out of|not enough)\s+(?:pre-?paid |remaining )?(?:credits?|funds|balance)\b`,
    String.raw`\bbilling\b(?! details)[^.]{0,40}\b(?:disabled|not (?:been )?(?:enabled|active|set up|configured)|inactive|closed|suspended|delinquent|required)\b`,
    String.raw`\benable billing\b`,
    String.raw`\b(?:spend(?:ing)?|billing)\s+(?:hard )?(?:cap|limit)\b`,
    String.raw`\bnot available (?:in|on|for|with) the free tier\b`,
    String.raw`\b(?:doesn't|does not|do not|don't) have (?:a |any )?free (?:quota )?tier\b`,
  ].join('|'),
  'i',
);

/** From google.rpc.QuotaFailure, and from the metadata of ErrorInfo, which older answers have instead. */
function listed({ details }: ErrorBody): Violation[] {
  return details.flatMap((detail) => {
    const metadata = fieldsOf(detail['metadata']);
    const list = Array.isArray(detail['violations']) ? (detail['violations'] as unknown[]).map(fieldsOf) : [];
    const older = metadata['quota_limit'] === undefined ? [] : [ofMetadata(metadata)];
    return [...list.map(ofViolation), ...older];
  });
}

function ofViolation(violation: Fields): Violation {
  const { quotaId, quotaMetric, description, quotaValue, futureQuotaValue, quotaDimensions } = violation;
  const { model } = fieldsOf(quotaDimensions);
  const limit = limitOf(quotaValue) ?? wordedLimit(description);
  return {
    period: periodOf(quotaId) ?? periodOf(quotaMetric) ?? periodOf(description),
    // A quota that is being raised from zero refills.
    limit: limit === 0 && (limitOf(futureQuotaValue) ?? 0) > 0 ? undefined : limit,
    model: typeof model === 'string' ? model : undefined,
  };
}

function ofMetadata(metadata: Fields): Violation {
  const { quota_limit: name, quota_limit_value: value, quota_metric: metric } = metadata;
  return { period: periodOf(name) ?? periodOf(metric), limit: limitOf(value), model: undefined };
}

/** Lines such as `Quota exceeded for metric: …, limit: 0, model: …`. */
function namedInWords(message: string): Violation[] {
  const lines = message.matchAll(/quota exceeded for (?:quota )?metric[^\n]*?(?=quota exceeded for|\n|$)/gi);
  return Array.from(lines, ([line]) => ({
    period: periodOf(line),
    limit: wordedLimit(line),
    model: /\bmodel:\s*([\w./-]*\w)/i.exec(line)?.[1],
  }));
}

/** Not "limit: 0 remaining", which says nothing about the limit. */
const limitInWords = /\blimit(?: is| of)?\W{1,4}(\d+)(?!\.?\d|\s+(?:\w+\s+)?(?:remaining|left)\b)/i;

function wordedLimit(words: unknown): number | undefined {
  return typeof words === 'string' ? limitOf(limitInWords.exec(words)?.[1]) : undefined;
}

function limitOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : undefined;
}

function periodOf(name: unknown): Violation['period'] {
  if (typeof name !== 'string') return undefined;
  if (/per[\s_-]?(?:day|week|month)|\bdaily\b|\bmonthly\b|\bRPD\b|\bTPD\b/i.test(name)) return 'long';
  return /per[\s_-]?(?:minute|second|hour)|\bRPM\b|\bTPM\b/i.test(name) ? 'short' : undefined;
}

function ofThisCall(violations: readonly Violation[], model: string): readonly Violation[] {
  const isThis = (one: Violation): boolean => one.model === model || one.model === `models/${model}`;
  if (!violations.some(isThis)) return violations;
  return violations.filter((one) => one.model === undefined || isThis(one));
}
