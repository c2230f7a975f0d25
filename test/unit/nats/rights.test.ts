// What a user may publish, read off the permissions that NATS tells of it.

import { expect, test } from 'vitest';
import { denialIn, denied, rightsOf } from '../../../src/adapters/nats/link/rights.ts';
import { denialReports } from '../../../src/adapters/nats/link/denials.ts';
import { inboxPrefixOf } from '../../../src/adapters/nats/link/options.ts';
import { PermissionViolationError } from '@nats-io/transport-node';

test.each([
  [[], [], 'a.b', true],
  [['a.b'], [], 'a.b', true],
  [['a.b'], [], 'a.b.c', false],
  [['a.*'], [], 'a.b', true],
  [['a.*'], [], 'a.b.c', false],
  [['a.>'], [], 'a.b.c', true],
  [['a.>'], [], 'a', false],
  [['*.b.>'], [], 'a.b.c', true],
  [['>'], ['a.b'], 'a.b', false],
  [['>'], ['a.b'], 'a.c', true],
  [[], ['>'], 'a', false],
])('allow %j, deny %j: publish to %s is %s', (allow, deny, subject, expected) => {
  expect(rightsOf({ allow, deny }).mayPublish(subject)).toBe(expected);
});

test('names the literal last tokens after a prefix', () => {
  const { namedAfter } = rightsOf({
    allow: ['c.tasks.one', 'c.tasks.*', 'c.tasks.two', 'c.tasks.two.more', 'c.tasksX'],
  });
  expect(namedAfter('c.tasks')).toEqual(['one', 'two']);
});

test('finds the refusal inside of what a request failed with', () => {
  const violation = new PermissionViolationError('Permissions Violation', 'publish', 'a.b');
  const wrapped = new Error('failed', { cause: new Error('inner', { cause: violation }) });
  expect(denialIn(wrapped)).toEqual({ operation: 'publish', subject: 'a.b' });
  expect(denialIn(new Error('timeout'))).toBeUndefined();
  expect(denied({ operation: 'subscription', subject: 'x' })).toMatchObject({ code: 'NatsPermissionDenied' });
});

test('says each refusal once a minute in the log, and each time to who listens', () => {
  const lines: object[] = [];
  const quiet = (): void => undefined;
  const reports = denialReports({ debug: quiet, info: quiet, warn: quiet, error: (fields) => void lines.push(fields) });
  const heard: string[] = [];
  const stop = reports.onDenied(({ subject }) => void heard.push(subject));
  for (const subject of ['a', 'a', 'b']) reports.report({ operation: 'publish', subject });
  stop();
  reports.report({ operation: 'subscription', subject: 'a' });
  expect(heard).toEqual(['a', 'a', 'b']);
  expect(lines).toMatchObject([{ subject: 'a' }, { subject: 'b' }, { subject: 'a', operation: 'subscription' }]);
});

test.each([
  ['api', '_INBOX_api'],
  ['a user.of>mine', '_INBOX_a_user_of_mine'],
  [undefined, '_INBOX'],
])('the inboxes of user %s begin with %s', (user, prefix) => {
  expect(inboxPrefixOf(user)).toBe(prefix);
});
