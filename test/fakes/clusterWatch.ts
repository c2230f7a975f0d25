// One watch on the stand-in of an API server: what it hears, and what of that it tells.
import type { KubeError, KubeObject, ListRequest, ResourceType, WatchEvent } from '../../src/ports/kubernetes.ts';

export interface Happened {
  readonly type: ResourceType;
  readonly event: 'added' | 'modified' | 'deleted';
  readonly object: KubeObject;
  readonly before: KubeObject | undefined;
}

export class ClusterWatch {
  readonly type: ResourceType;
  readonly #request: ListRequest;
  readonly #told: WatchEvent<KubeObject>[] = [];
  #ended: { readonly error: KubeError | undefined } | undefined;
  #wake: () => void = () => undefined;

  constructor(type: ResourceType, request: ListRequest) {
    this.type = type;
    this.#request = request;
  }

  hear({ type, event, object, before }: Happened): void {
    if (type.group !== this.type.group || type.plural !== this.type.plural) return;
    const was = before !== undefined && selects(this.#request, before);
    const is = event !== 'deleted' && selects(this.#request, object);
    if (!was && !is) return;
    // An object that a selector begins or ceases to choose comes and goes for the watch.
    this.tell({ event: !was ? 'added' : is ? 'modified' : 'deleted', object });
  }

  tell(event: WatchEvent<KubeObject>): void {
    if (this.#ended !== undefined) return;
    this.#told.push(event);
    this.#wake();
  }

  end(error: KubeError | undefined): void {
    this.#ended = { error };
    this.#wake();
  }

  async *events(signal: AbortSignal): AsyncIterable<WatchEvent<KubeObject>> {
    const onAbort = (): void => this.#wake();
    signal.addEventListener('abort', onAbort);
    try {
      while (!signal.aborted) {
        const next = this.#told.shift();
        if (next !== undefined) yield next;
        else if (this.#ended?.error !== undefined) throw this.#ended.error;
        else if (this.#ended !== undefined) return;
        else await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }
}

/** Whether a list or watch of this request has the object. */
export function selects({ namespace, labelSelector }: ListRequest, { metadata }: KubeObject): boolean {
  if (namespace !== undefined && namespace !== metadata.namespace) return false;
  return (labelSelector ?? '').split(/,(?![^(]*\))/).every((term) => holds(term.trim(), metadata.labels ?? {}));
}

function holds(term: string, labels: Readonly<Record<string, string>>): boolean {
  if (term === '') return true;
  const set = /^(\S+)\s+(in|notin)\s+\((.*)\)$/.exec(term);
  if (set !== null) {
    const values = set[3]!.split(',').map((value) => value.trim());
    const value = labels[set[1]!];
    return (value !== undefined && values.includes(value)) === (set[2] === 'in');
  }
  const [, key = '', operator, value] = /^(!?[^=!]+)(==?|!=)?(.*)$/.exec(term) ?? [];
  if (operator === undefined) return key.startsWith('!') ? !(key.slice(1) in labels) : key in labels;
  return (labels[key] === value) === (operator !== '!=');
}
