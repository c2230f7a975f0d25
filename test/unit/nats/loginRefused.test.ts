// Which errors of a login waiting cannot fix.
import { AuthorizationError, UserAuthenticationExpiredError } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { isLoginRefused } from '../../../src/adapters/nats/link/connect.ts';

test('wrong and expired credentials are refused; a process that was too slow to log in tries again', () => {
  expect(isLoginRefused(new AuthorizationError("'Authorization Violation'"))).toBe(true);
  expect(isLoginRefused(new UserAuthenticationExpiredError('expired'))).toBe(true);
  expect(isLoginRefused(new AuthorizationError("'Authentication Timeout'"))).toBe(false);
  expect(isLoginRefused(new Error('connection refused'))).toBe(false);
});
