// The settings of the API as its page shows them: those that are set, and the defaults.

import type { Setting } from '../../../client/index.ts';

export interface SettingGroups {
  set: Setting[];
  defaults: Setting[];
}

/** `search`: each of its words must be in the name, the value, the source or the description. */
export function groupSettings(settings: readonly Setting[], search: string): SettingGroups {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = settings.filter(({ name, value, source, description }) => {
    const text = [name, value ?? '', source, description].join('\n').toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const isDefault = ({ source }: Setting): boolean => source === 'default' || source === 'unset';
  return { set: found.filter((one) => !isDefault(one)), defaults: found.filter(isDefault) };
}

/** Without the name of the setting, which its row has already: `env GENWARDEN_POOL` is `env`. */
export const shortSource = (source: string, name: string): string =>
  source.endsWith(` ${name}`) ? source.slice(0, -name.length - 1) : source;
