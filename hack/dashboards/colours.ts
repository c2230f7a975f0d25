// Colours of values that mean the same on every dashboard, by the label that a query shows in the names of its series.

export type Colour = 'green' | 'red' | 'orange' | 'yellow' | 'blue' | 'purple' | 'gray';

/** From the lowest value: from there on, values have this colour. The first has no lower bound. */
export type Steps = readonly (readonly [from: number | null, colour: Colour])[];

/** Green up to the first bound. */
export const badFrom = (bad: number): Steps => [
  [null, 'green'],
  [bad, 'red'],
];
export const badBelow = (good: number): Steps => [
  [null, 'red'],
  [good, 'green'],
];
export const worseFrom = (poor: number, bad: number): Steps => [
  [null, 'green'],
  [poor, 'orange'],
  [bad, 'red'],
];
/** A fact that is neither good nor bad. */
export const neutral: Steps = [[null, 'blue']];

const byLabel: Readonly<Record<string, Readonly<Record<string, Colour>>>> = {
  state: {
    running: 'green',
    queued: 'blue',
    waiting: 'yellow',
    needs_review: 'purple',
    ready: 'green',
    cooling: 'yellow',
    refused: 'red',
    free: 'green',
    busy: 'blue',
    leaked: 'red',
  },
  outcome: {
    succeeded: 'green',
    failed: 'red',
    cancelled: 'gray',
    delivered: 'green',
    retried: 'yellow',
    dead: 'red',
    stored: 'green',
    replayed: 'blue',
    refused: 'red',
    requeued: 'blue',
    recalled: 'gray',
    waiting: 'yellow',
    needs_review: 'purple',
    ok: 'green',
    unavailable: 'yellow',
    passed: 'green',
    flagged: 'yellow',
  },
  code: {
    '2\\d\\d': 'green',
    '4\\d\\d': 'yellow',
    '429': 'orange',
    '5\\d\\d': 'red',
    'error|Provider\\w+': 'purple',
    none: 'gray',
  },
  cause: { none: 'gray' },
  rule: { none: 'gray' },
  result: { success: 'green', error: 'red', requeue_after: 'blue' },
};

/** The colours of series, by a pattern for the end of their names. The last one counts. */
export function coloursOf(names: readonly string[]): readonly (readonly [end: string, colour: Colour])[] {
  const shown = Object.entries(byLabel).filter(([label]) => names.some((name) => name.endsWith(`{{${label}}}`)));
  return shown.flatMap(([, colours]) => Object.entries(colours));
}
