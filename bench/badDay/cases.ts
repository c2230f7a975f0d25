// The measurements: each case starts its own installation, does one thing to the provider, and says what became of the jobs.

import { sleep } from '../../src/async/sleep.ts';
import {
  endlessHint,
  noQuota,
  overloaded,
  picture,
  redirectTo,
  suspended,
} from '../../test/support/badProvider/answers.ts';
import { startForeignHost, type Call } from '../../test/support/badProvider/provider.ts';
import { Site, type Ends } from './site.ts';

export interface Case {
  readonly name: string;
  readonly what: string;
  measure(): Promise<string[]>;
}

const imageModels = ['gemini-3.1-flash-image', 'gemini-2.5-flash-image'] as const;

export const cases: readonly Case[] = [
  { name: 'overload', what: '10 jobs, 503 for the first 8 s', measure: () => outage(10, 8_000, 60_000) },
  { name: 'queue', what: '200 queued tasks, 503 for 60 s', measure: () => outage(200, 60_000, 180_000) },
  { name: 'deadline', what: '20 jobs with deadline 30 s, 503 all the time', measure: endlessOutage },
  { name: 'suspended', what: '24 jobs, 3 keys, one of them suspended', measure: oneSuspendedKey },
  {
    name: 'quota',
    what: '5 jobs of a model with limit 0, then 5 of another model, 30 s',
    measure: oneModelWithoutQuota,
  },
  { name: 'redirect', what: '1 job, 302 to another host', measure: redirect },
  { name: 'labels', what: '1 job for each wrong label', measure: labels },
  { name: 'hint', what: '1 job, 429 with a delay of 2⁶³ s', measure: endlessDelay },
  {
    name: 'rate',
    what: '6 requests per minute, 2 workers, a burst of 14 jobs after 65 s of idleness',
    measure: rateLimit,
  },
];

async function outage(jobs: number, outageMs: number, withinMs: number): Promise<string[]> {
  await using site = await Site.start();
  const { provider } = site;
  const outageEnds = Date.now() + outageMs;
  provider.answer = ({ at }) => (at < outageEnds ? overloaded : undefined);
  const ids = await site.submit(jobs);
  const ends = await site.ends(ids, withinMs);
  const during = provider.calls.filter(({ at }) => at < outageEnds);
  return [...described(ends), `${count(during)} calls during the outage, ${count(provider.calls)} in all`];
}

async function endlessOutage(): Promise<string[]> {
  await using site = await Site.start();
  site.provider.answer = () => overloaded;
  const ids = await site.submit(20, { policy: { deadline: '30s' } });
  const ends = await site.ends(ids, 45_000);
  return [...described(ends), `${count(site.provider.calls)} calls`];
}

async function oneSuspendedKey(): Promise<string[]> {
  const keys = ['AIza-bench-alive-1', 'AIza-bench-suspended', 'AIza-bench-alive-2'];
  await using site = await Site.start({ keys });
  site.provider.answer = ({ key }) => (key === keys[1] ? suspended : undefined);
  const ends = await site.ends(await site.submit(24), 60_000);
  const perKey = keys.map((key) => count(site.provider.calls.filter((call) => call.key === key)));
  return [...described(ends), `calls per key: ${perKey.join(', ')} (the second is suspended)`];
}

async function oneModelWithoutQuota(): Promise<string[]> {
  await using site = await Site.start({ models: imageModels });
  const { provider } = site;
  const [without, other] = imageModels;
  provider.answer = ({ model }) => (model === without ? noQuota(model) : undefined);
  const blocked = await site.submit(5, { model: without });
  await sleep(3_000);
  const others = await site.submit(5, { model: other });
  const ends = await site.ends(others, 27_000);
  await sleep(Math.max(0, 27_000 - ends.lastEndMs));
  const ofModel = provider.calls.filter(({ model }) => model === without);
  return [
    `model without quota: ${described(await site.ends(blocked, 0)).join('; ')}; ${count(ofModel)} calls in 30 s`,
    `other model: ${described(ends).join('; ')}`,
  ];
}

async function redirect(): Promise<string[]> {
  await using foreign = await startForeignHost();
  await using site = await Site.start();
  site.provider.answer = () => redirectTo(foreign.url);
  const ends = await site.ends(await site.submit(1), 60_000);
  return [...described(ends), `requests at the other host: ${foreign.requests()}, with the key: ${foreign.withKey()}`];
}

async function labels(): Promise<string[]> {
  await using site = await Site.start();
  const found: string[] = [];
  const all = [
    ['jpeg', 'image/png'],
    ['png', undefined],
    ['jpeg', 'image/jpg'],
    ['png', 'IMAGE/PNG'],
    ['png', 'application/octet-stream'],
  ] as const;
  for (const [format, label] of all) {
    const answer = await picture(format, label);
    const before = site.provider.calls.length;
    site.provider.answer = () => answer;
    const ends = await site.ends(await site.submit(1), 45_000);
    const stored = ends.jobs[0]?.tasks?.[0]?.artifacts.find(({ name }) => name === 'image')?.mediaType;
    const outcome = ends.succeeded === 1 ? `stored as ${stored ?? '?'}` : ends.open === 1 ? 'open' : ends.codes;
    found.push(`${format} as ${label ?? '(none)'}: ${outcome}, ${site.provider.calls.length - before} calls paid`);
  }
  return found;
}

async function endlessDelay(): Promise<string[]> {
  await using site = await Site.start();
  site.provider.answer = () => endlessHint;
  const [id] = await site.submit(1);
  while (site.provider.calls.length === 0) await sleep(50);
  await sleep(1_000);
  const paths = ['/v1/pools', `/v1/jobs/${id!}/explain`, '/v1/stuck'];
  const answers = await Promise.all(paths.map(async (path) => (await fetch(`${site.url}${path}`)).status));
  return [`pools ${answers[0]!}, explain ${answers[1]!}, stuck ${answers[2]!}`];
}

/** The provider sees every request: the largest number in any minute, over the workers and a restart of one. */
async function rateLimit(): Promise<string[]> {
  await using site = await Site.start({ requestsPerMinute: 6, workers: 2 });
  const { calls } = site.provider;
  await sleep(65_000);
  const ids = await site.submit(14);
  await sleep(10_000);
  site.workers[0]!.kill('SIGKILL');
  await site.startWorker();
  const ends = await site.ends(ids, 125_000);
  return [
    ...described(ends),
    `most requests in 60 s: ${most(calls, 60_000)} (limit 6), in 1.06 s: ${most(calls, 1_060)}`,
  ];
}

function described({ succeeded, failed, open, codes, lastEndMs }: Ends): string[] {
  const ended = `${succeeded} succeeded, ${failed} failed${codes === '' ? '' : ` (${codes})`}`;
  return [open === 0 ? ended : `${ended}, ${open} open`, `last end after ${(lastEndMs / 1_000).toFixed(1)} s`];
}

/** The largest number of calls in any window of so many ms that begins with a call. */
function most(calls: readonly Call[], windowMs: number): number {
  const within = (from: Call): number => calls.filter(({ at }) => at >= from.at && at < from.at + windowMs).length;
  return Math.max(0, ...calls.map(within));
}

const count = (calls: readonly Call[]): string => String(calls.length);
