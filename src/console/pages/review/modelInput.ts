// The input of a task as its model gets it.

import type { Json, Kind } from '../../../client/index.ts';

export interface ModelInput {
  job: string;
  /** The task's index. */
  task: number;
  name: string | null;
  run: number;
  kind: Kind;
  model: string;
  prompt: string;
  system: string | null;
  /** The JSON Schema of the answer. */
  schema: Record<string, Json> | null;
  aspectRatio: string | null;
  imageSize: string | null;
  seed: number | null;
  providerOptions: Record<string, Json> | null;
  references: InputReference[];
  /** The tasks that this one waits for. */
  after: string[];
  /**
   * The templates that `prompt` and `system` still have, because the output of the other task is not known yet, lacks that part, or
   * has more than 1 MiB.
   */
  unresolved: string[];
  tweak: Tweak | null;
  metadata: Json;
}

export interface InputReference {
  index: number;
  /** The digest, with which another job can refer to the same image. */
  artifact: string | null;
  mediaType: string | null;
  /** Null also in jobs of earlier versions. */
  bytes: number | null;
  caption: string | null;
  /** The artifact of another task that it is. Until that task has succeeded, `href` is null. */
  result: { task: string; name: string } | null;
  /** Where its bytes are; `reference` of the client gets them. */
  href: string | null;
}

/** What tweaks have added to the prompt. */
export interface Tweak {
  /** The prompt before the first tweak. */
  prompt: string;
  /** The newest ten, oldest first. */
  instructions: string[];
}
