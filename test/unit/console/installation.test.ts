// The checks, versions and settings of the Installation page.

import { expect, it } from 'vitest';
import { partsOf } from '../../../src/console/components/words.ts';
import {
  failingFirst,
  natsVersion,
  versionsOf,
  workersByVersion,
} from '../../../src/console/pages/installation/checks.ts';
import { groupSettings, shortSource } from '../../../src/console/pages/installation/settings.ts';
import { aWorker } from './operations.ts';

const check = (name: string, ok: boolean, says = '') => ({ name, ok, says, advice: null, seenBy: 'api' });

it('failed checks come first, and keep their order', () => {
  const checks = [check('a', true), check('b', false), check('c', true), check('d', false)];
  expect(failingFirst(checks).map(({ name }) => name)).toEqual(['b', 'd', 'a', 'c']);
});

it('finds the version of NATS in its check, if that passed', () => {
  expect(natsVersion([check('nats', true, 'version 2.15.2, answers in 1.0 ms')])).toBe('2.15.2');
  expect(natsVersion([check('nats', true, 'nats://a answers from this machine, version 2.14.0-RC.1')])).toBe(
    '2.14.0-RC.1',
  );
  expect(natsVersion([check('nats', false, 'version 2.15.2')])).toBeUndefined();
  expect(natsVersion([])).toBeUndefined();
});

it('counts workers by version, and names all versions that run', () => {
  const workers = ['1.1.0', '1.0.0', '1.1.0'].map((version) => aWorker({ version }));
  expect(workersByVersion(workers)).toEqual([
    { version: '1.1.0', workers: 2 },
    { version: '1.0.0', workers: 1 },
  ]);
  expect(versionsOf('1.1.0', workers)).toEqual(['1.0.0', '1.1.0']);
  expect(versionsOf('1.1.0', [])).toEqual(['1.1.0']);
});

it('settings that are set come apart from defaults, and all words of the search must match', () => {
  const setting = (name: string, source: string, value: string | null = 'x') => ({
    name,
    value,
    source,
    description: `about ${name}`,
  });
  const settings = [
    setting('GENWARDEN_POOL', 'env GENWARDEN_POOL', 'photos'),
    setting('GENWARDEN_HTTP_PORT', 'default', '8080'),
    setting('GENWARDEN_CORS_ORIGINS', 'unset', null),
  ];
  const names = (search: string) => {
    const { set, defaults } = groupSettings(settings, search);
    return [set, defaults].map((group) => group.map(({ name }) => name));
  };
  expect(names('')).toEqual([['GENWARDEN_POOL'], ['GENWARDEN_HTTP_PORT', 'GENWARDEN_CORS_ORIGINS']]);
  expect(names(' photos  pool ')).toEqual([['GENWARDEN_POOL'], []]);
  expect(names('8080')).toEqual([[], ['GENWARDEN_HTTP_PORT']]);
  expect(names('unset')).toEqual([[], ['GENWARDEN_CORS_ORIGINS']]);
  expect(names('photos 8080')).toEqual([[], []]);
});

it('the source of a setting does not repeat its name', () => {
  expect(shortSource('env GENWARDEN_POOL', 'GENWARDEN_POOL')).toBe('env');
  expect(shortSource('env GEMINI_API_KEY', 'GENWARDEN_GEMINI_API_KEYS')).toBe('env GEMINI_API_KEY');
  expect(shortSource('default', 'GENWARDEN_POOL')).toBe('default');
});

it('commands in backticks are code, and a lone backtick stays', () => {
  expect(partsOf('Run `genwarden doctor`, then wait')).toEqual([
    { text: 'Run ', isCode: false },
    { text: 'genwarden doctor', isCode: true },
    { text: ', then wait', isCode: false },
  ]);
  expect(partsOf('`a`')).toEqual([{ text: 'a', isCode: true }]);
  expect(partsOf('a ` b')).toEqual([{ text: 'a ` b', isCode: false }]);
  expect(partsOf('')).toEqual([]);
});
