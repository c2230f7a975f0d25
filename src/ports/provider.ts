// A model service. Apart from the abort of its signal, it throws only `AttemptFailed` with an error of the catalogue.

import type { JobKind } from '../job/policy.ts';
import type { JsonValue, TaskInput } from '../job/task.ts';

export interface ReferenceBytes {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  readonly caption?: string;
}

export interface GenerateRequest {
  readonly kind: JobKind;
  readonly model: string;
  readonly input: TaskInput;
  /** The input's references, read from the artifact store, in their order. */
  readonly references: readonly ReferenceBytes[];
}

export interface GenerateContext {
  /** Attempt end, cancel and shutdown. */
  readonly signal: AbortSignal;
  readonly key: string;
  /** 0 to 1. */
  readonly onProgress: (fraction: number) => void;
}

export interface GeneratedImage {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

export interface Generated {
  /** For `kind: image`, at least one. */
  readonly images: readonly GeneratedImage[];
  /** For `kind: text`: the text, or the parsed answer where a schema was given. */
  readonly output: JsonValue;
  readonly usage: { readonly inputTokens: number; readonly outputTokens: number };
  /** What the provider says of the answer: model version, response id, finish reason. */
  readonly provenance: Readonly<Record<string, JsonValue>>;
  /** Frees the images' bytes, which must not be read from then on: the garbage collector would take seconds to do it. */
  readonly release?: () => void;
}

export interface Provider {
  readonly name: string;
  generate(request: GenerateRequest, context: GenerateContext): Promise<Generated>;
}
