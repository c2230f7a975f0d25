// Job ids and pool names. Random bytes and digests are passed in.

export type JobId = string;
/** The index of a task in its job, 0 to 499. */
export type TaskIndex = number;

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
const idForm = /^[0-9a-z]{26}$/;

/** 26 characters (Crockford base 32) from at least 17 bytes: random bytes, or the start of a digest. */
export function jobIdFrom(bytes: Uint8Array): JobId {
  if (bytes.length < 17) throw new RangeError(`a job id needs 17 bytes, not ${bytes.length}`);
  let id = '';
  for (let index = 0; index < 26; index += 1) id += alphabet[fiveBits(bytes, index * 5)];
  return id;
}

export const isJobId = (text: string): text is JobId => idForm.test(text);

/** Valid both as a token of a NATS subject and as a Kubernetes name. */
export const poolNameForm = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

function fiveBits(bytes: Uint8Array, at: number): number {
  const byte = at >> 3;
  const pair = (bytes[byte]! << 8) | (bytes[byte + 1] ?? 0);
  return (pair >> (11 - (at & 7))) & 31;
}
