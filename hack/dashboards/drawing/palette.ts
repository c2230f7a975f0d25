// The colours of Grafana's light theme.

import type { Panel } from '../../../test/support/grafana.ts';

const named: Readonly<Record<string, string>> = {
  green: '#56A64B',
  red: '#E02F44',
  orange: '#FF780A',
  yellow: '#E0B400',
  blue: '#3274D9',
  purple: '#A352CC',
  gray: '#9A9FA8',
};

/** For series without a fixed colour. */
const classic = [
  '#3274D9',
  '#E0752D',
  '#629E51',
  '#A352CC',
  '#0A96A8',
  '#C15C17',
  '#7E4D9E',
  '#890F02',
  '#967302',
  '#5794F2',
];

export const colour = (name: string): string => named[name] ?? name;

export function colourOfSeries({ fieldConfig }: Panel, name: string, index: number): string {
  const own = fieldConfig?.overrides.findLast(({ matcher }) => new RegExp(matcher.options.slice(1, -1)).test(name));
  const fixed = own?.properties[0]?.value.fixedColor;
  return fixed === undefined ? classic[index % classic.length]! : colour(fixed);
}

/** Of the threshold that the value has reached. */
export function colourOfValue({ fieldConfig }: Panel, value: number): string {
  const steps = fieldConfig?.defaults.thresholds?.steps ?? [];
  return colour(steps.findLast((step) => step.value === null || step.value <= value)?.color ?? 'green');
}
