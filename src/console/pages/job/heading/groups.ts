// Why tasks are where they are: those in the same situation are explained once.

import type { ExplainedTask } from '../../../../client/index.ts';

export interface Group {
  /** The first one explains all of them. */
  first: ExplainedTask;
  tasks: readonly ExplainedTask[];
}

/** Groups of open and failed tasks: first those that a person can do something about, then in the order of the API. */
export function groupsOf(tasks: readonly ExplainedTask[]): Group[] {
  const told = tasks.filter(({ state }) => state !== 'succeeded' && state !== 'cancelled');
  const situation = ({ state, cause, advice, error }: ExplainedTask): string =>
    JSON.stringify([state, cause, advice.map(withoutNumbers), error?.code]);
  const groups = [...Map.groupBy(told, situation).values()].map((group) => ({ first: group[0]!, tasks: group }));
  return groups.toSorted((a, b) => Number(needsPerson(b)) - Number(needsPerson(a)));
}

/** The advice is more than to wait. */
export const needsPerson = ({ first: { advice } }: Group): boolean =>
  advice.some((text) => !text.startsWith('No action needed'));

const withoutNumbers = (text: string): string => text.replaceAll(durations, '0 s').replaceAll(/\d+/g, '0');

const durations = /\b\d+(?:\.\d+)? (?:ms|s|min|h|days?)(?: \d+ (?:s|min|h))?\b/g;

/** A sentence about the future without its times, because the page counts down itself. */
export const withoutTimes = (says: string): string =>
  says.replaceAll(/ in (?:\d+(?:\.\d+)? [a-z]+ )+\(\d{4}-\d\d-\d\dT[\d:.]+Z\)/g, '');
