// Reads JSON bodies exactly: a number that JavaScript would round is refused, so that what is stored and digested is what was sent.

import { GenwardenError } from '../job/errors/index.ts';
import { invalidRequest } from '../job/errors/invalidRequest.ts';
import { InexactNumber, parseExactJson } from '../job/jsonNumbers.ts';
import type { Api } from './options.ts';

/** Accepts JSON and empty bodies. Keys that could reach a prototype are rejected. */
export function acceptJson(app: Api): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body: string, done) => {
    if (body.trim() === '') {
      done(null, undefined);
      return;
    }
    // The default parser checks the keys. Parsing a body of 25 MiB a second time takes about 20 ms.
    void parse(request, body, (error, value) => {
      const problem = error ?? inexactNumber(body) ?? (value === null ? nullBody() : undefined);
      if (problem === undefined) done(null, value);
      else done(problem);
    });
  });
}

/** `null` is not the same as no body, which stands for an empty object. */
const nullBody = (): Error => invalidRequest([{ path: 'body', message: 'is null, but must be an object' }]);

function inexactNumber(body: string): Error | undefined {
  try {
    parseExactJson(body);
    return undefined;
  } catch (error) {
    if (error instanceof InexactNumber) {
      const message = 'is a number that cannot be kept exactly; write it as a string';
      return invalidRequest([{ path: error.path === '' ? 'body' : error.path, message }]);
    }
    return new GenwardenError('MalformedJson', `The body is not valid JSON: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
