// A provider of models. It throws only `AttemptFailed` with an error of the catalogue, or the reason of its aborted signal.

import type { PaidUsage } from '../job/errors/index.ts';
import type { JobKind } from '../job/policy.ts';
import type { JsonValue, TaskInput } from '../job/task.ts';
import type { SchemaChecker } from './schemaChecker.ts';

export interface ReferenceBytes {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  readonly caption?: string;
}

export interface GenerateRequest {
  readonly kind: JobKind;
  readonly model: string;
  readonly input: TaskInput;
  /** The input's references, read from the artifact store, in order. */
  readonly references: readonly ReferenceBytes[];
}

export interface GenerateContext {
  /** Aborts when the attempt is due, is cancelled, or the worker shuts down. */
  readonly signal: AbortSignal;
  readonly key: string;
  /** 0 to 1. */
  readonly onProgress: (fraction: number) => void;
  /** Asks for the right to send one more request with this key, for a repair. False if the limits do not allow one. */
  readonly anotherCall: () => Promise<boolean>;
  /** Receives the text of the answer piece by piece, in order, from providers that stream it. */
  readonly onText?: (piece: string) => void;
}

export interface GeneratedImage {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

export interface Generated {
  /** For `kind: image`, at least one. */
  readonly images: readonly GeneratedImage[];
  /** For `kind: text`: the text, or the parsed answer if the input has a schema. */
  readonly output: JsonValue;
  /** Summed over all requests of the attempt. */
  readonly usage: PaidUsage;
  /** How many requests the attempt sent; 1 by default. */
  readonly calls?: number;
  /** The provider's metadata of the answer: model version, response ID, finish reason. */
  readonly provenance: Readonly<Record<string, JsonValue>>;
  /** What the provider's safety ratings say against the result, one sentence each; absent: nothing. */
  readonly flags?: readonly string[];
  /** Frees the images' bytes, which must not be read afterwards. The garbage collector would take seconds. */
  readonly release?: () => void;
}

/** What a pool and its worker give to the adapter of the pool's provider. */
export interface ProviderOptions {
  /** Another address for the provider's SDK; undefined: the provider's own. */
  readonly baseUrl?: string | undefined;
  /** For providers that have several; undefined: the adapter's default. */
  readonly apiVersion?: string | undefined;
  /** Closed by the caller. */
  readonly schemas: SchemaChecker;
}

export interface Provider {
  readonly name: string;
  generate(request: GenerateRequest, context: GenerateContext): Promise<Generated>;
  /**
   * Calls the provider with the key without generating anything, which costs nothing: it asks for the list of models. Resolves if
   * the provider accepts the key. Throws what `generate` throws. Absent: there is no such call.
   */
  checkKey?(key: string, signal: AbortSignal): Promise<void>;
  /** Where the calls go, without paths and secrets. */
  readonly address?: string;
}
