// Limits the lines of error loops: the same event with the same error is written at most once in ten seconds. The next
// line then says how many there were.

/** ms. */
const period = 10_000;
/** Kinds of lines that are remembered at a time; further ones are written. */
const mostKinds = 500;

type Write = (fields: object) => void;

interface Held {
  count: number;
  fields: object;
  write: Write;
}

/** Lines without an error are facts, and are all written. Only `fields` of a line at level warn or above may be given. */
export function limitRepeats(): (fields: object, write: Write) => void {
  const kinds = new Map<string, Held>();
  return (fields, write) => {
    const kind = kindOf(fields);
    const held = kind === undefined ? undefined : kinds.get(kind);
    if (held !== undefined) {
      Object.assign(held, { count: held.count + 1, fields, write });
      return;
    }
    if (kind !== undefined && kinds.size < mostKinds) hold(kind);
    write(fields);
  };

  function hold(kind: string): void {
    const held: Held = { count: 0, fields: {}, write: () => undefined };
    kinds.set(kind, held);
    setTimeout(() => {
      kinds.delete(kind);
      if (held.count === 0) return;
      hold(kind);
      held.write(held.count === 1 ? held.fields : { ...held.fields, repeated: held.count });
    }, period).unref();
  }
}

/** Undefined for a line that is never left out. */
function kindOf(fields: object): string | undefined {
  const { event, err, error, code, route, source, pool } = fields as Readonly<Record<string, unknown>>;
  if (event === undefined || (err === undefined && error === undefined && code === undefined)) return undefined;
  return JSON.stringify([event, textOf(err), textOf(error), code, route, source, pool]);
}

function textOf(err: unknown): unknown {
  return err instanceof Error ? [err.name, (err as { code?: unknown }).code, err.message] : err;
}
