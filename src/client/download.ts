// The bytes of an artifact as a stream, checked at its end. A download whose connection breaks continues where it stopped.

import { GenwardenApiError, GenwardenConnectionError, GenwardenError } from './http/error.ts';
import { unexpected, type ApiRequest, type CallOptions, type OpenResponse, type Requests } from './http/request.ts';
import { withRetries } from './http/retry.ts';
import { Sha256 } from './sha256.ts';
import type { Artifact } from './types/job.ts';

export interface DownloadOptions extends CallOptions {
  /** Default: the task's current run. */
  readonly run?: number;
  /** Download from the artifact store itself, if it is S3. */
  readonly redirect?: boolean;
}

/** An artifact by its name, or as a task has it: its digest is then checked also if the bytes come from the store itself. */
export type ArtifactName = string | Pick<Artifact, 'name' | 'bytes' | 'digest'>;

/**
 * Read it once: by `for await`, with `body`, or with `bytes()`. Until then, only the headers have been received. Stop reading early
 * with `break`, or cancel `body`.
 */
export interface Download extends AsyncIterable<Uint8Array> {
  readonly mediaType: string;
  /** Undefined if a proxy compresses the bytes. */
  readonly size: number | undefined;
  /** `sha256:…`; of an artifact that the store itself sends, known at the end, unless you passed it. */
  readonly digest: string | undefined;
  /** For `new Response(download.body)`, or to pipe it. */
  readonly body: ReadableStream<Uint8Array>;
  /** All bytes. */
  bytes(): Promise<Uint8Array>;
}

/** All bytes of an artifact. */
export interface DownloadedArtifact {
  bytes: Uint8Array;
  mediaType: string;
  digest: string;
}

/** The bytes are not those of the artifact, or not all of them arrived. */
export class GenwardenDownloadError extends GenwardenError {
  override readonly name = 'GenwardenDownloadError';
  readonly code: 'DigestMismatch' | 'Incomplete';
  readonly hint = 'Do not use the bytes. Download the artifact again.';

  constructor(code: 'DigestMismatch' | 'Incomplete', message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** Throws what requests throw; reading the download throws `GenwardenDownloadError` too. */
export async function openDownload(
  requests: Requests,
  request: ApiRequest,
  artifact: ArtifactName,
  options: DownloadOptions,
): Promise<Download> {
  const rule = { signal: options.signal, giveUpAfterMs: requests.giveUpAfter(options), repeatable: true };
  const opened = await withRetries(() => requests.open(request, options.signal), rule);
  // Nothing is read for now, which is no silence.
  opened.silence.pause();
  return new ArtifactDownload(requests, request, opened, { artifact, ...rule });
}

interface Rule {
  readonly artifact: ArtifactName;
  readonly signal: AbortSignal | undefined;
  readonly giveUpAfterMs: number;
}

class ArtifactDownload implements Download {
  readonly mediaType: string;
  readonly size: number | undefined;
  digest: string | undefined;
  readonly #requests: Requests;
  readonly #request: ApiRequest;
  readonly #rule: Rule;
  readonly #name: string;
  readonly #tag: string | null;
  #opened: OpenResponse | undefined;
  #body: ReadableStream<Uint8Array> | undefined;

  constructor(requests: Requests, request: ApiRequest, opened: OpenResponse, rule: Rule) {
    const { headers } = opened.response;
    const known = typeof rule.artifact === 'string' ? undefined : rule.artifact;
    this.#requests = requests;
    this.#request = request;
    this.#opened = opened;
    this.#rule = rule;
    this.#name = known?.name ?? (rule.artifact as string);
    this.#tag = headers.get('etag');
    this.mediaType = headers.get('content-type') ?? 'application/octet-stream';
    this.size = sizeOf(headers) ?? known?.bytes;
    // The ETag of another server is no digest.
    this.digest = known?.digest ?? /sha256:[0-9a-f]{64}/.exec(this.#tag ?? '')?.[0];
  }

  get body(): ReadableStream<Uint8Array> {
    this.#body ??= streamOf(this[Symbol.asyncIterator]());
    return this.#body;
  }

  async bytes(): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    for await (const piece of this) pieces.push(piece);
    const all = new Uint8Array(pieces.reduce((size, { length }) => size + length, 0));
    let at = 0;
    for (const piece of pieces) {
      all.set(piece, at);
      at += piece.length;
    }
    return all;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    let opened = this.#opened;
    if (opened === undefined) throw new TypeError('The download was read already');
    this.#opened = undefined;
    const hash = new Sha256();
    let received = 0;
    for (;;) {
      let lost: unknown;
      for await (const piece of piecesOf(opened, (error) => (lost = error))) {
        hash.update(piece);
        received += piece.length;
        yield piece;
      }
      this.#rule.signal?.throwIfAborted();
      if (lost === undefined && (this.size === undefined || received >= this.size)) break;
      opened = await this.#rest(received, lost);
    }
    this.#check(`sha256:${hash.digest()}`, received);
  }

  /** The response with the bytes that are missing. Throws `Incomplete` if none comes. */
  async #rest(received: number, lost: unknown): Promise<OpenResponse> {
    const { signal, giveUpAfterMs } = this.#rule;
    const incomplete = (cause: unknown): GenwardenDownloadError => {
      const message = `Only ${received} of ${this.size ?? 'an unknown number of'} bytes of ${this.#name} arrived`;
      return new GenwardenDownloadError('Incomplete', message, cause);
    };
    if (giveUpAfterMs === 0 || this.size === undefined || this.#tag === null) throw incomplete(lost);
    const headers = { ...this.#request.headers, range: `bytes=${received}-` };
    const rule = { signal, giveUpAfterMs, repeatable: true };
    try {
      return await withRetries(
        async () => this.#onlyRest(await this.#requests.open({ ...this.#request, headers }, signal), received),
        rule,
      );
    } catch (error) {
      signal?.throwIfAborted();
      const isApiOrConnection = error instanceof GenwardenApiError || error instanceof GenwardenConnectionError;
      throw isApiOrConnection ? incomplete(error) : error;
    }
  }

  /** Throws for an answer that does not continue the same bytes. */
  #onlyRest(opened: OpenResponse, received: number): OpenResponse {
    const { response, silence } = opened;
    const range = response.headers.get('content-range') ?? '';
    const continues = response.status === 206 && range.startsWith(`bytes ${received}-`);
    if (continues && response.headers.get('etag') === this.#tag) return opened;
    silence.end();
    throw unexpected(response, `${response.status} ${range} to a request for the bytes from ${received} on`);
  }

  #check(digest: string, received: number): void {
    const isWhole = (this.digest ?? digest) === digest && (this.size ?? received) === received;
    if (!isWhole) {
      const message = `The bytes of ${this.#name} do not match its digest: ${this.digest} was expected, ${digest} arrived`;
      throw new GenwardenDownloadError('DigestMismatch', message);
    }
    this.digest = digest;
  }
}

/** Undefined if the length is that of other bytes than those that `fetch` gives. */
function sizeOf(headers: Headers): number | undefined {
  const length = headers.get('content-length');
  return length === null || headers.has('content-encoding') ? undefined : Number(length);
}

/** The bytes of one connection. `onLost` gets the error if it breaks; nothing is thrown. */
async function* piecesOf(
  { response, silence }: OpenResponse,
  onLost: (error: unknown) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  const reader: ReadableStreamDefaultReader<Uint8Array> | undefined = response.body?.getReader();
  if (reader === undefined) return silence.end();
  try {
    for (;;) {
      silence.heard();
      const { done, value } = await reader.read();
      if (done) return;
      // The time that the caller takes is no silence of the connection.
      silence.pause();
      yield value;
    }
  } catch (error) {
    onLost(error);
  } finally {
    silence.end();
  }
}

/** Pulls as its reader asks. */
function streamOf(source: AsyncGenerator<Uint8Array, void, undefined>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await source.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await source.return();
    },
  });
}
