// Server-side apply as the stand-in does it, for one manager: what we sent before and do not send now is removed, what we
// send is set. Lists are taken whole.

export type Fields = Record<string, unknown>;

/** The object after we, who applied `before` the last time, apply `now`. */
export function applied(object: Fields, before: Fields, now: Fields): Fields {
  return merged(unset(object, before, now), now);
}

export function without(fields: Fields, names: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function unset(object: Fields, before: Fields, now: Fields): Fields {
  const left: Fields = { ...object };
  for (const [key, old] of Object.entries(before)) {
    if (!(key in now)) {
      if (isFields(old) && isFields(left[key])) {
        left[key] = unset(left[key], old, {});
        if (Object.keys(left[key] as Fields).length === 0) delete left[key];
      } else delete left[key];
    } else if (isFields(old) && isFields(now[key]) && isFields(left[key])) {
      left[key] = unset(left[key], old, now[key]);
    }
  }
  return left;
}

function merged(object: Fields, now: Fields): Fields {
  const result: Fields = { ...object };
  for (const [key, value] of Object.entries(now)) {
    if (value === undefined) continue;
    const old = result[key];
    result[key] = isFields(value) ? merged(isFields(old) ? old : {}, value) : value;
  }
  return result;
}
