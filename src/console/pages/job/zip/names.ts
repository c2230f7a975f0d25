// The names of the files in the zip of a job: of the task and the artifact, safe on every system, and each only once.

import { fileName, safeName } from '../../../../client/fileNames.ts';
import type { Artifact, Task } from '../../../../client/index.ts';

/** `page-3-image.png`. */
export const taskFileName = (
  { index, name }: Pick<Task, 'index' | 'name'>,
  artifact: Pick<Artifact, 'name' | 'mediaType'>,
): string => `${safeName(name ?? String(index))}-${fileName(artifact)}`;

/** Makes names that have been used unique, also where upper and lower case are the same: `a-2.png`. */
export class UniqueNames {
  readonly #used = new Set<string>();

  take(name: string): string {
    const dot = name.lastIndexOf('.');
    let unique = name;
    for (let count = 2; this.#used.has(unique.toLowerCase()); count += 1) {
      unique = `${name.slice(0, dot)}-${count}${name.slice(dot)}`;
    }
    this.#used.add(unique.toLowerCase());
    return unique;
  }
}
