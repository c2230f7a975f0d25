// Requests whose texts are hard to quote.

import type { SubmitRequest } from '../../../../src/client/index.ts';

const image = (prompt: string): SubmitRequest => ({ kind: 'image', input: { prompt } });

const nastyPrompts: readonly string[] = [
  'a yard',
  `it's "quoted" and 'quoted'`,
  'two lines\nand\n\nmore\n',
  String.raw`back\slash \n \u0041 \\ ending in \ `,
  '$HOME `id` $(id) ${x} !! !id \\$x',
  '<script>alert("x")</script> & <b>',
  '--flag',
  '-x',
  "'",
  '"',
  "'''",
  '"""',
  '% & | ; < > ( ) { } [ ] * ? ~ # = ^',
  'emoji 🏡👩‍👩‍👧‍👦 and \u{1F3F4}\u{E0067}\u{E0062}',
  'חצר קדמית عربي RTL \u202Ereversed\u202C end',
  'tab\there, return\rthere, bell\u0007, delete\u007f, next line\u0085',
  'line\u2028separator \u2029 \ufeff',
  'JSON\nEOF\n',
  '{{tasks.x.output}} {"json": "inside"}',
  '@file',
  `long ${'x'.repeat(30_000)}`,
];

export const nastyRequests: readonly SubmitRequest[] = [
  ...nastyPrompts.map(image),
  {
    kind: 'text',
    priority: 'low',
    input: {
      prompt: "O'Brien's list",
      system: 'answer in "one" line\nonly',
      schema: {
        type: 'object',
        properties: { "it's": { type: ['string', 'null'], const: null }, ok: true, no: false },
      },
      providerOptions: { temperature: 0.5 },
      seed: -5,
    },
    labels: { project: 'p42' },
    policy: { review: 'always', queueTimeout: '1h', maxAttempts: 2 },
  },
  {
    kind: 'image',
    input: { prompt: "the yard's \n front", seed: -5, aspectRatio: '16:9', imageSize: '1K' },
    tasks: [{ name: "it's day" }, { name: 'night', input: { prompt: '$HOME = "x"' } }],
    labels: { project: 'p42', 'example.com/customer': 'jones' },
    policy: { deadline: '2h' },
  },
  {
    kind: 'image',
    input: { prompt: 'large' },
    tasks: Array.from({ length: 20 }, (_, at) => ({ name: `t-${at}`, input: { prompt: `'${'y'.repeat(20_000)}` } })),
  },
];
