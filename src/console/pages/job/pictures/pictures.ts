// The pictures of a job's tasks: which there are, and which comes before and after another.

import type { Artifact, Job, Kind, Task } from '../../../../client/index.ts';

/** Of a task whose kind is the job's, the task does not tell it. */
export const kindOf = (task: Pick<Task, 'kind'>, job: Pick<Job, 'kind'>): Kind => task.kind ?? job.kind;

/** The pictures themselves, without their thumbnails. */
export const imagesOf = ({ artifacts }: Pick<Task, 'artifacts'>): Artifact[] =>
  artifacts.filter(({ name, mediaType }) => mediaType.startsWith('image/') && name !== 'thumbnail');

/** A path of the API. A picture without a thumbnail is too large for one, or small enough without. */
export function thumbnailOf(task: Pick<Task, 'artifacts'>): string | undefined {
  const thumbnail = task.artifacts.find(({ name }) => name === 'thumbnail');
  return (thumbnail ?? imagesOf(task)[0])?.href;
}

/** The tasks with a picture before and after one, in the order of the tasks. */
export function neighbours(
  tasks: readonly Pick<Task, 'index' | 'artifacts'>[],
  index: number,
): { previous: number | undefined; next: number | undefined } {
  const withPicture = tasks.filter((task) => imagesOf(task).length > 0).map((task) => task.index);
  return {
    previous: withPicture.findLast((other) => other < index),
    next: withPicture.find((other) => other > index),
  };
}
