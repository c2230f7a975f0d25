// The raw answers of the cases, in the words that the service uses.

import sharp from 'sharp';
import type { RawAnswer } from './provider.ts';

export const overloaded: RawAnswer = {
  status: 503,
  body: googleError(503, 'UNAVAILABLE', 'The model is overloaded. Please try again later.'),
};

export const suspended: RawAnswer = {
  status: 403,
  body: googleError(403, 'PERMISSION_DENIED', 'Permission denied: the consumer has been suspended.', [
    { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'CONSUMER_SUSPENDED', domain: 'googleapis.com' },
  ]),
};

/** A quota of zero, which never refills although the answer names a delay. */
export function noQuota(model: string): RawAnswer {
  const message = `You exceeded your current quota. Quota exceeded for metric: requests, limit: 0, model: ${model}. Please retry in 25s.`;
  const violation = { quotaId: 'GenerateRequestsPerDayPerProjectPerModel-FreeTier', quotaDimensions: { model } };
  return {
    status: 429,
    body: googleError(429, 'RESOURCE_EXHAUSTED', message, [
      { '@type': 'type.googleapis.com/google.rpc.QuotaFailure', violations: [violation] },
      { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '25s' },
    ]),
  };
}

export const endlessHint: RawAnswer = {
  status: 429,
  body: googleError(429, 'RESOURCE_EXHAUSTED', 'quota', [
    { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '9223372036854775807s' },
  ]),
};

/** A limit per minute, which the provider counts differently than we do. */
export function rateLimited(model: string, retryDelay: string): RawAnswer {
  const violation = {
    quotaId: 'GenerateRequestsPerMinutePerProjectPerModel',
    quotaDimensions: { model },
    quotaValue: '6',
  };
  return {
    status: 429,
    body: googleError(429, 'RESOURCE_EXHAUSTED', 'You exceeded your current quota.', [
      { '@type': 'type.googleapis.com/google.rpc.QuotaFailure', violations: [violation] },
      { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay },
    ]),
  };
}

export const modelGone = (model: string): RawAnswer => ({
  status: 404,
  body: googleError(404, 'NOT_FOUND', `models/${model} is not found, or is not supported for generateContent.`),
});

export const refusedPrompt: RawAnswer = {
  status: 200,
  body: { promptFeedback: { blockReason: 'SAFETY' }, usageMetadata: { promptTokenCount: 12, totalTokenCount: 12 } },
};

/** What gateways and tired servers answer with status 200. */
export const garbage = {
  html: { status: 200, headers: { 'content-type': 'text/html' }, body: '<html><body>Welcome</body></html>' },
  json: { status: 200, body: { candidates: [{ content: { parts: [{ text: 'a'.repeat(400) }] } }] } },
} satisfies Record<string, RawAnswer>;

export const redirectTo = (location: string): RawAnswer => ({ status: 302, headers: { location }, body: '' });

/** A real JPEG or PNG under this label; undefined: no label. */
export async function picture(format: 'jpeg' | 'png', mimeType: string | undefined): Promise<RawAnswer> {
  const image = sharp({ create: { width: 64, height: 48, channels: 3, background: '#4a7' } });
  const data = (await image.toFormat(format).toBuffer()).toString('base64');
  const inlineData = mimeType === undefined ? { data } : { mimeType, data };
  const content = { role: 'model', parts: [{ inlineData }] };
  const usageMetadata = { promptTokenCount: 12, candidatesTokenCount: 1290, totalTokenCount: 1302 };
  return { status: 200, body: { candidates: [{ content, finishReason: 'STOP', index: 0 }], usageMetadata } };
}

export function googleError(code: number, status: string, message: string, details: readonly object[] = []): object {
  return { error: { code, message, status, ...(details.length === 0 ? {} : { details }) } };
}
