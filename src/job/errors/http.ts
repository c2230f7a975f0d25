// The error codes of requests whose form is wrong, whatever they ask for.

import { again, define, final } from './entry.ts';

export const httpErrors = define({
  MalformedJson: {
    ...final,
    status: 400,
    title: 'The body is not valid JSON',
    hint: 'Correct the JSON at the place that the message names. It must be UTF-8.',
  },
  MalformedRequest: {
    ...final,
    status: 400,
    title: 'The request is not valid HTTP',
    hint: 'Correct the part of the request line or of the headers that the message names. Encode other characters than ASCII in a URL as UTF-8 with %.',
  },
  RequestTimeout: {
    ...again,
    status: 408,
    title: 'The request arrived too slowly',
    hint: 'Send it again. A body must keep arriving, at least 16 KiB in 20 seconds, and the headers within 80 seconds.',
  },
  UriTooLong: {
    ...final,
    status: 414,
    title: 'The URL is too long',
    hint: 'Shorten the query: the URL and the headers may have 16 KiB together.',
  },
  HeadersTooLarge: {
    ...final,
    status: 431,
    title: 'The headers are too large',
    hint: 'Send fewer or shorter headers or cookies: the URL and the headers may have 16 KiB together.',
  },
  ExpectationFailed: {
    ...final,
    status: 417,
    title: 'The header Expect asks for something unknown',
    hint: 'Leave the header out, or send Expect: 100-continue.',
  },
  UnsupportedMediaType: {
    ...final,
    status: 415,
    title: "This endpoint does not accept the body's media type",
    hint: 'Use application/json in UTF-8, as it is or compressed with gzip. For POST /v1/artifacts use image/png, image/jpeg, image/webp or application/octet-stream.',
  },
  BodyTooLarge: {
    ...final,
    status: 413,
    title: 'The body exceeds the size limit',
    hint: 'Upload reference images with POST /v1/artifacts and refer to them by digest.',
  },
});
