// What a status says, for those who decide by it.

import type { Condition } from '../resources/condition.ts';
import type { GenerationJobCondition, GenerationJobStatus } from '../resources/generationJob.ts';

type Status = GenerationJobStatus | undefined;

export const conditionOf = (status: Status, type: GenerationJobCondition): Condition | undefined =>
  status?.conditions?.find((condition) => condition.type === type);

export const isFinished = (status: Status): boolean => conditionOf(status, 'Finished')?.status === 'True';

/** Refused and still tried: what a new pool or an upload may cure. */
export const isPending = (status: Status): boolean =>
  status?.jobId === undefined && conditionOf(status, 'Accepted') !== undefined && !isFinished(status);
