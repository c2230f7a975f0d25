// Resource versions: a position in the stream as one decimal number, which grows also when another stream replaces the stream.
// Kubernetes compares them as numbers of up to 39 digits.
// https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions

import type { Sequence } from '../job/task.ts';
import type { Position } from '../ports/jobLog.ts';
import { expired, StatusError } from './status.ts';

/** Of the time at which the stream was created, to the millisecond. */
const streamDigits = 17;
/** As many as a safe integer has. */
const sequenceDigits = 16;

/** A stream's epoch is the digits of its time of creation, in base 36. */
export function versionAt({ epoch, sequence }: Position): string {
  let created = 0n;
  for (const digit of epoch) created = created * 36n + BigInt(Number.parseInt(digit, 36));
  const stream = String(created).padEnd(streamDigits, '0').slice(0, streamDigits);
  return `${stream}${String(sequence).padStart(sequenceDigits, '0')}`;
}

/** The sequence of a version of the stream with this epoch. Throws `Expired` for one of another stream, and `BadRequest`. */
export function sequenceIn(version: string, epoch: string): Sequence {
  if (!/^[1-9]\d*$/.test(version))
    throw new StatusError('BadRequest', `Invalid value: "${version}": it is not a resource version`);
  const stream = version.slice(0, -sequenceDigits);
  if (stream !== versionAt({ epoch, sequence: 0 }).slice(0, -sequenceDigits))
    throw expired('The resource version belongs to another stream, or is not one of jobs');
  return Number(version.slice(-sequenceDigits));
}
