// Signed links: what a signature covers, when it ends, and the addresses that carry it.

import { describe, expect, it } from 'vitest';
import { GenwardenError } from '../../../src/job/errors/index.ts';
import { keysFrom, longestLink, type LinkKey } from '../../../src/job/linkKeys.ts';
import { succeeded, submitted, claimed } from '../../../src/job/transitions.ts';
import { checkLink, jobLinks, linkedAddress, parseLink, signLink, type LinkTerms } from '../../../src/jobs/links.ts';
import type { JobRecord } from '../../../src/ports/jobLog.ts';
import { fakeLinkKeys } from '../../fakes/linkKeys.ts';
import { aRequest, identity, start } from '../../fakes/tasks.ts';

const key: LinkKey = { id: '0123456789ab', secret: new Uint8Array(32).fill(7), since: start };
const job = '01hzy3v8k0000000000000test';
const terms: LinkTerms = { job, tenant: 'team-1.a_b', expiresAt: start + 1_000 };
const signed = signLink(key, terms);

/** The code with which the link is refused, or its terms. */
function check(text: string, { of = job, now = start, keys = [key] } = {}): string | LinkTerms {
  const claim = parseLink(text);
  const named = keys.find(({ id }) => id === claim?.key);
  try {
    return checkLink(claim, of, named, now);
  } catch (error) {
    return error instanceof GenwardenError ? error.code : String(error);
  }
}

describe('a signed link', () => {
  it('permits to read its job until it expires', () => {
    expect(check(signed)).toEqual(terms);
    expect(check(signed, { now: start + 999 })).toEqual(terms);
    expect(check(signed, { now: start + 1_000 })).toBe('LinkExpired');
  });

  it('needs no escapes in a URL', () => {
    expect(signed).toMatch(/^[\w.-]+$/);
    expect(encodeURIComponent(signed)).toBe(signed);
  });

  it('is refused if any character of it is changed, added or removed', () => {
    const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const others = [...digits.split(''), '', '.', '=', '%', 'é', '\0', '\n', ' '];
    const accepted: string[] = [];
    const offer = (text: string): void =>
      void (text !== signed && check(text) !== 'LinkInvalid' && accepted.push(text));
    for (let at = 0; at <= signed.length; at += 1) {
      for (const other of others) {
        offer(signed.slice(0, at) + other + signed.slice(at + 1));
        offer(signed.slice(0, at) + other + signed.slice(at));
      }
    }
    for (const text of ['', '.', '...', signed.toUpperCase(), signed + signed]) offer(text);
    expect(accepted).toEqual([]);
  });

  it.each(['job', 'tenant', 'expiresAt'] as const)('does not permit another %s', (field) => {
    const other = { job: '01hzy3v8k00000000000other0', tenant: 'team-2', expiresAt: start + 2_000 }[field];
    const [, , signature] = signed.split('.');
    const { tenant, expiresAt } = { ...terms, [field]: other } as LinkTerms;
    const forged = [key.id, expiresAt, signature, tenant].join('.');
    expect(check(forged, { of: field === 'job' ? String(other) : job })).toBe('LinkInvalid');
  });

  it('is refused with another key, and with an unknown one', () => {
    const other = { ...key, secret: new Uint8Array(32).fill(8) };
    expect(check(signed, { keys: [other] })).toBe('LinkInvalid');
    expect(check(signed, { keys: [] })).toBe('LinkInvalid');
  });

  it('has expired rather than being invalid once its key was removed after its time', () => {
    expect(check(signed, { keys: [], now: start + 1_000 })).toBe('LinkExpired');
    const forged = signLink({ ...key, secret: new Uint8Array(32) }, terms);
    expect(check(forged, { now: start + 1_000 })).toBe('LinkInvalid');
  });
});

describe('the keys', () => {
  const day = 86_400_000;
  const made = (id: string, since: number): LinkKey => ({ ...key, id, since });

  it('begin with the first use, and stay the same for 30 days', () => {
    const first = keysFrom([], start, () => key);
    expect(first).toEqual([key]);
    expect(keysFrom(first, start + 30 * day - 1, () => made('b', 0))).toBe(first);
  });

  it('keep a replaced key until its last link has expired', () => {
    const second = made('b', start + 30 * day);
    const both = keysFrom([key], second.since, () => second);
    expect(both).toEqual([second, key]);
    const third = made('c', second.since + 30 * day);
    expect(keysFrom(both, third.since, () => third)).toEqual([third, second]);
    expect(longestLink).toBe(7 * day);
  });
});

describe('the links of a job', () => {
  it('are complete addresses of the job, its events and each artifact', async () => {
    const keys = fakeLinkKeys({ now: () => start });
    const links = await jobLinks({ linkKeys: keys }, record(), {
      base: 'https://gw.example/',
      expiresAt: start + 60_000,
    });
    const text = new URL(links.job).searchParams.get('link')!;
    expect(checkLink(parseLink(text), job, await keys.current(), start)).toMatchObject({ job, tenant: 'default' });
    expect(links).toEqual({
      job: `https://gw.example/v1/jobs/${job}?link=${text}`,
      events: `https://gw.example/v1/jobs/${job}/events?link=${text}`,
      artifacts: [
        {
          task: 0,
          name: 'front yard',
          artifact: 'image',
          mediaType: 'image/png',
          href: `https://gw.example/v1/jobs/${job}/tasks/0/artifacts/image?run=1&link=${text}`,
        },
      ],
      expiresAt: start + 60_000,
    });
  });

  it('join a path with the signature', () => {
    const address = linkedAddress('http://127.0.0.1:8080', 'abc');
    expect(address('/v1/jobs/x')).toBe('http://127.0.0.1:8080/v1/jobs/x?link=abc');
    expect(address('/v1/jobs/x?run=1')).toBe('http://127.0.0.1:8080/v1/jobs/x?run=1&link=abc');
  });
});

/** A task with an image, and one that is queued. */
function record(): JobRecord {
  const of = identity({ name: 'front yard', total: 2 });
  const state = succeeded(claimed(submitted(of), 'worker-1', 1, start), start);
  const image = { name: 'image', mediaType: 'image/png', bytes: 3, digest: 'sha256:1' };
  const queued = submitted({ ...of, task: 1, name: null });
  const entry = { sequence: 1, at: start, writeId: 'w' };
  return {
    job,
    tasks: [
      { last: { ...entry, state, detail: { message: '', artifacts: [image] } }, request: aRequest },
      { last: { ...entry, sequence: 2, state: queued, detail: { message: '' } }, request: aRequest },
    ],
  };
}
