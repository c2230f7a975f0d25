// What a user may publish, according to the permissions that NATS reports.

import { PermissionViolationError } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { inboxPrefixOf } from '../../../src/adapters/nats/link/options.ts';
import {
  permissionDenied,
  permissionsFrom,
  violationIn,
  violationReports,
} from '../../../src/adapters/nats/link/permissions.ts';

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
  expect(permissionsFrom({ allow, deny }).mayPublish(subject)).toBe(expected);
});

test('lists the literal last tokens after a prefix', () => {
  const { allowedNames } = permissionsFrom({
    allow: ['c.tasks.one', 'c.tasks.*', 'c.tasks.two', 'c.tasks.two.more', 'c.tasksX'],
  });
  expect(allowedNames('c.tasks')).toEqual(['one', 'two']);
});

test('finds the violation among the causes of an error', () => {
  const violation = new PermissionViolationError('Permissions Violation', 'publish', 'a.b');
  const wrapped = new Error('failed', { cause: new Error('inner', { cause: violation }) });
  expect(violationIn(wrapped)).toEqual({ operation: 'publish', subject: 'a.b' });
  expect(violationIn(new Error('timeout'))).toBeUndefined();
  expect(permissionDenied({ operation: 'subscription', subject: 'x' })).toMatchObject({
    code: 'NatsPermissionDenied',
  });
});

test('logs each violation once a minute, and reports every one to the listeners', () => {
  const lines: object[] = [];
  const quiet = (): void => undefined;
  const reports = violationReports({
    debug: quiet,
    info: quiet,
    warn: quiet,
    error: (fields) => void lines.push(fields),
  });
  const heard: string[] = [];
  const stop = reports.onViolation(({ subject }) => void heard.push(subject));
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
