// Who uses an object of the artifact store: the jobs that made its bytes, or any job once it is a reference.
import { expect, test } from 'vitest';
import {
  firstUser,
  usersAsText,
  usersFrom,
  withoutUser,
  withUser,
  type Users,
} from '../../../src/adapters/nats/artifacts/users.ts';

test('jobs are added once each, and the last that is deleted leaves none', () => {
  const both = withUser(withUser(firstUser('a'), 'b'), 'a');
  expect(both).toEqual(['a', 'b']);
  expect(withoutUser(both, 'a')).toEqual(['b']);
  expect(withoutUser(['b'], 'b')).toEqual([]);
  expect(withoutUser(['b'], 'c')).toEqual(['b']);
});

test('a reference, and bytes that many jobs made, are left to their retention', () => {
  const nine = Array.from({ length: 9 }, (_, index) => `job${index}`).reduce<Users>(withUser, firstUser('job'));
  for (const users of [firstUser(undefined), withUser(['a'], undefined), nine]) {
    expect(users).toBe('any');
    expect(withoutUser(users, 'a')).toBe('any');
  }
});

test('bytes of an earlier version are deleted as that version did, unless another job uses them too', () => {
  expect(withoutUser(undefined, 'a')).toEqual([]);
  expect(withUser(undefined, 'a')).toBe('any');
});

test.each([[['a', 'b']], ['any'], [undefined], [[]]] as const)('%j survives the record', (users) => {
  expect(usersFrom(usersAsText(users))).toEqual(users);
});
