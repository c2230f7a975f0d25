// What is known about storage that takes nothing, full or not: which storage, since when, and what it still takes.

import type { Instant } from './time.ts';

export const storagePlaces = [
  'disk',
  'server',
  'account',
  'stream',
  'artifacts',
  's3-full',
  's3-bucket',
  's3-access',
  's3-clock',
  's3-region',
  's3-away',
] as const;
export type StoragePlace = (typeof storagePlaces)[number];

/** What full storage refuses. Each includes the ones before it. */
export const storageRefusals = ['submits', 'artifacts', 'statuses'] as const;
export type StorageRefusal = (typeof storageRefusals)[number];

export interface FullStorage {
  readonly place: StoragePlace;
  readonly refuses: StorageRefusal;
  readonly since: Instant;
  /** What the storage answered or how full it is, without a full stop. */
  readonly words: string;
}

interface Description {
  /** The subject and verb of a sentence. */
  readonly title: string;
  /** What to do, as full sentences. */
  readonly advice: string;
}

const deleteJobs = 'delete jobs. A lower GENWARDEN_RETENTION holds only for jobs that are submitted later.';

const descriptions: Readonly<Record<StoragePlace, Description>> = {
  disk: {
    title: 'The disk of the NATS server is full',
    advice:
      'Free space on that disk or enlarge it. After a failed write, nats-server stores nothing until it restarts: `genwarden dev` and the chart restart it automatically; restart any other server yourself.',
  },
  server: {
    title: 'The NATS server has reached its storage limit',
    advice: 'Raise max_file_store of the NATS server, or delete what its streams no longer need.',
  },
  account: {
    title: 'The storage of the NATS account is full',
    advice: `Raise the account's JetStream storage (max_file), or ${deleteJobs}`,
  },
  stream: {
    title: 'The stream of jobs is full',
    advice: `Raise GENWARDEN_NATS_MAX_BYTES, the stream's max_bytes, or ${deleteJobs}`,
  },
  artifacts: {
    title: 'The artifact store is full',
    advice: `Raise max_bytes of its stream OBJ_<prefix>_artifacts, or ${deleteJobs}`,
  },
  's3-full': {
    title: 'The S3 artifact store is full',
    advice: `Raise the bucket's quota or free space in the store, or ${deleteJobs}`,
  },
  's3-bucket': {
    title: 'The bucket of the S3 artifact store does not exist',
    advice: 'Create the bucket again, or correct GENWARDEN_S3_BUCKET. Artifacts that were in it are lost with it.',
  },
  's3-access': {
    title: 'The S3 artifact store refuses the credentials',
    advice:
      'Correct GENWARDEN_S3_ACCESS_KEY_ID and GENWARDEN_S3_SECRET_ACCESS_KEY or the workload identity, and let them get, put, delete and list objects of the bucket. Files of credentials are read again while the processes run.',
  },
  's3-clock': {
    title: "The S3 artifact store refuses this machine's clock",
    advice: 'Set the clock of this machine, or of the store, by NTP.',
  },
  's3-region': {
    title: 'The bucket of the S3 artifact store is in another region',
    advice: 'Correct GENWARDEN_S3_REGION, or GENWARDEN_S3_ENDPOINT.',
  },
  's3-away': {
    title: 'The S3 artifact store does not answer as it should',
    advice: 'Check GENWARDEN_S3_ENDPOINT, the network between the processes and the store, and the store itself.',
  },
};

export const storageTitle = ({ place }: Pick<FullStorage, 'place'>): string => descriptions[place].title;

export const storageAdvice = ({ place }: Pick<FullStorage, 'place'>): string => descriptions[place].advice;

/** A store beside NATS: submits without references and all statuses still fit. */
const isBeside = ({ place }: Pick<FullStorage, 'place'>): boolean => place.startsWith('s3-');

/** The start of a sentence about it. */
export const storageSubject = ({ place }: Pick<FullStorage, 'place'>): string =>
  isBeside({ place }) ? 'The artifact store takes nothing' : 'The storage of NATS is full';

/** What all wait for. */
export const storageReturn = (full: Pick<FullStorage, 'place'>): string =>
  isBeside(full) ? 'the store takes artifacts again' : 'there is room';

/** The start of a sentence about its end. */
export const storageRelief = (full: Pick<FullStorage, 'place'>): string =>
  isBeside(full) ? 'The S3 artifact store can be used again' : 'There is room again';

/** What the processes do while it lasts, as one sentence without a full stop. */
export const storageEffect = (full: Pick<FullStorage, 'place' | 'refuses'>): string =>
  isBeside(full)
    ? 'image tasks wait in the queue, and workers keep the results that they have and store them as soon as the store takes them'
    : effects[full.refuses];

const effects: Readonly<Record<StorageRefusal, string>> = {
  submits: 'submits are refused; stored jobs continue',
  artifacts: 'submits and artifacts are refused; statuses still fit',
  statuses: 'nothing can be stored: workers keep their results, and every status is written as soon as there is room',
};

/** The one that refuses most, with the earliest start of all that refuse as much. */
export function worstStorage(all: readonly FullStorage[]): FullStorage | undefined {
  const rank = ({ refuses }: FullStorage): number => storageRefusals.indexOf(refuses);
  const order = ({ place }: FullStorage): number => storagePlaces.indexOf(place);
  return all.toSorted((a, b) => rank(b) - rank(a) || order(a) - order(b) || a.since - b.since)[0];
}

/** Whether tasks of this kind cannot start or finish meanwhile. Only images always need the artifact store. */
export const holdsUp = ({ refuses }: Pick<FullStorage, 'refuses'>, kind: 'image' | 'text'): boolean =>
  refuses === 'statuses' || (refuses === 'artifacts' && kind === 'image');
