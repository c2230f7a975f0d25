// The headers of answers that the OpenAPI document describes.

import type { JsonSchema } from './jsonSchema.ts';

const text = { type: 'string' } as const;
const seconds = { type: 'integer', minimum: 0 } as const;

interface Header {
  readonly description: string;
  readonly schema: JsonSchema;
}

/** By name; a route names those of its answers. */
export const answerHeaders = {
  'X-Request-Id': {
    description: 'Of the request, or made by the API; logs and problem documents have it too.',
    schema: text,
  },
  traceparent: {
    description:
      'The place of the request in its trace (W3C Trace Context); absent if the request has no trace. Send the header to continue a trace.',
    schema: { type: 'string', pattern: '^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$' },
  },
  ETag: { description: 'The version of the answer, for If-None-Match and If-Range.', schema: text },
  Location: { description: 'The address of the job or of the bytes.', schema: text },
  'Retry-After': { description: 'Seconds after which another request is worthwhile.', schema: seconds },
  'Idempotency-Replayed': {
    description: 'The job was stored by an earlier request with this Idempotency-Key.',
    schema: { type: 'string', enum: ['true'] },
  },
  'Content-Range': {
    description: 'Which bytes follow, or how many there are: `bytes 0-99/1958967`, `bytes */1958967`.',
    schema: text,
  },
  'Accept-Ranges': { description: 'Ranges of bytes can be requested.', schema: { type: 'string', enum: ['bytes'] } },
  'Content-Length': { description: 'The number of bytes that follow.', schema: seconds },
  'Content-Disposition': { description: 'A file name for the bytes.', schema: text },
  'Cache-Control': { description: 'Whether caches may keep the answer.', schema: text },
  'WWW-Authenticate': { description: 'The scheme of the token that is missing: `Bearer`.', schema: text },
} as const satisfies Record<string, Header>;

/** The headers of every answer. */
export const commonHeaders = ['X-Request-Id', 'traceparent'] as const;

export type AnswerHeader = keyof typeof answerHeaders;
