// Paths of artifacts in an S3 store: what a template may say, and that no value leaves its place.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defaultPathTemplate, extensionOf, pathOf, pathTemplateProblem } from '../../../src/job/pathTemplate.ts';

const values = {
  tenant: 'acme',
  job: '01jd8z2v4k6m8p0r2t4w6y8a0c',
  task: 3,
  name: 'image',
  mediaType: 'image/png',
  labels: { project: 'p42' },
};

describe('paths', () => {
  test('fill the template', () => {
    expect(pathOf(defaultPathTemplate, values)).toBe('acme/p42/01jd8z2v4k6m8p0r2t4w6y8a0c/3-image.png');
    expect(pathOf('art/{labels.app.kubernetes.io/name}/{job}{task}{name}', values)).toMatch(
      /^art\/none\/01jd.*3image$/,
    );
  });

  test('take a suffix before the extension', () => {
    expect(pathOf(defaultPathTemplate, values, 'abc')).toMatch(/\/3-image-abc\.png$/);
    expect(pathOf('v1.2/{job}/{task}/{name}', values, 'abc')).toMatch(/\/3\/image-abc$/);
  });

  test.each([
    ['..', 'none'],
    ['../../etc', 'etc'],
    ['a/b', 'a_b'],
    ['', 'none'],
    ['\u0000', 'none'],
    ['_hidden', 'hidden'],
    ['Zoë garden', 'Zo_garden'],
    ['a..b', 'a.b'],
    ['x'.repeat(80), 'x'.repeat(64)],
  ])('the label %j becomes %j', (project, part) => {
    expect(pathOf(defaultPathTemplate, { ...values, labels: { project } }).split('/')[1]).toBe(part);
  });

  test('have as many plain, short parts as the template, whatever the values are', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.string({ maxLength: 300 }), (tenant, project) => {
        const path = pathOf(defaultPathTemplate, { ...values, tenant, labels: { project } });
        expect(path).toMatch(/^[A-Za-z0-9-][\w.-]{0,63}\/[A-Za-z0-9-][\w.-]{0,63}\/01[^/]*\/3-image\.png$/);
      }),
    );
  });

  test.each([
    ['image/png', 'png'],
    ['image/jpeg', 'jpg'],
    ['text/plain; charset=utf-8', 'txt'],
    ['application/json', 'json'],
    ['image/svg+xml', 'bin'],
    ['../x', 'bin'],
  ])('the extension of %s is %s', (mediaType, extension) => {
    expect(extensionOf(mediaType)).toBe(extension);
  });
});

describe('templates', () => {
  test.each([defaultPathTemplate, 'a/{job}/{task}.{name}', '{labels.x-y/z.w}/{job}-{task}-{name}'])(
    '%s is usable',
    (it) => {
      expect(pathTemplateProblem(it)).toBeUndefined();
    },
  );

  test.each([
    ['', /lacks \{job\}/],
    ['{job}/{name}', /lacks \{task\}/],
    ['{job}/{task}/{name}/{project}', /names \{project\}: use/],
    ['/{job}/{task}/{name}', /empty part/],
    ['{job}//{task}{name}', /empty part/],
    ['{job}/{task}{name}/', /empty part/],
    ['../{job}/{task}{name}', /starts with \./],
    ['_genwarden/{job}/{task}{name}', /starts with _/],
    ['{job}/{task} {name}', /character " "/],
    ['{job}/{task}{name', /lacks \{name\}/],
    ['{job}/{task}{name}{', /character "\{"/],
    ['{tenant}{tenant}{tenant}{job}{task}{name}', /too long/],
    ['x'.repeat(901), /more than 900/],
  ])('%s is refused', (template, why) => {
    expect(pathTemplateProblem(template)).toMatch(why);
  });
});
