// The jobs that use an object. The record names them, and every change of it is conditional, so that a job that is deleted
// never removes bytes that another job has begun to use.

import type { JobId } from '../../../job/ids.ts';

/**
 * The jobs that made the bytes. `any`: they were put or kept as a reference, or too many jobs made them, so that only their
 * retention ends them. Undefined: an earlier version stored them.
 */
export type Users = readonly string[] | 'any' | undefined;

/** More users are not worth naming. */
const mostUsers = 8;

/** `job`: undefined for a reference. */
export const firstUser = (job: JobId | undefined): Users => (job === undefined ? 'any' : [job]);

export function withUser(users: Users, job: JobId | undefined): Users {
  if (job === undefined || users === undefined || users === 'any') return 'any';
  if (users.includes(job)) return users;
  return users.length < mostUsers ? [...users, job] : 'any';
}

/** The users that stay when the job is deleted. The bytes of an earlier version have none: that version deleted them. */
export const withoutUser = (users: Users, job: JobId): 'any' | readonly string[] =>
  users === 'any' ? users : (users ?? []).filter((user) => user !== job);

export const isSame = (users: Users, others: Users): boolean => String(users) === String(others);

export const usersAsText = (users: Users): string | undefined =>
  users === undefined || users === 'any' ? users : users.join(' ');

export const usersFrom = (text: string | undefined): Users =>
  text === undefined || text === 'any' ? text : text.split(' ').filter((user) => user !== '');
