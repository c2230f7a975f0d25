// Reads JSON bodies exactly: what JavaScript would change is refused with its place, so that what is stored and digested is what was sent.

import { GenwardenError } from '../job/errors/index.ts';
import { invalidRequest } from '../job/errors/invalidRequest.ts';
import { InexactJson, parseExactJson } from '../job/json/exact.ts';
import { textOfUtf8 } from '../job/json/utf8.ts';
import type { Api } from './options.ts';

/** Accepts JSON and empty bodies. Keys that could reach a prototype are rejected. */
export function acceptJson(app: Api): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (_request: unknown, body: Buffer) =>
    jsonOf(body),
  );
}

/** Undefined for an empty body. Throws `MalformedJson` or `InvalidRequest`. */
function jsonOf(body: Buffer): unknown {
  try {
    const text = textOfUtf8(body);
    if (text.trim() === '') return undefined;
    const value = parseExactJson(text);
    if (value !== null) return value;
  } catch (error) {
    if (!(error instanceof InexactJson)) {
      const problem = error instanceof SyntaxError ? `is not valid JSON: ${error.message}` : (error as Error).message;
      throw new GenwardenError('MalformedJson', `The body ${problem}`, { cause: error });
    }
    throw invalidRequest([{ path: error.path === '' ? 'body' : error.path, message: error.problem }]);
  }
  // It is not the same as no body, which stands for an empty object.
  throw invalidRequest([{ path: 'body', message: 'is null, but must be an object' }]);
}
