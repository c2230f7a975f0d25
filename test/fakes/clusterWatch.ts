// One watch on a fake cluster: which changes it selects and delivers.
import type { KubeError, KubeObject, ListRequest, ResourceType, WatchEvent } from '../../src/ports/kubernetes.ts';

export interface ClusterChange {
  readonly type: ResourceType;
  readonly event: 'added' | 'modified' | 'deleted';
  readonly object: KubeObject;
  readonly before: KubeObject | undefined;
}

export class ClusterWatch {
  readonly type: ResourceType;
  readonly #request: ListRequest;
  readonly #events: WatchEvent<KubeObject>[] = [];
  #ended: { readonly error: KubeError | undefined } | undefined;
  #wake: () => void = () => undefined;

  constructor(type: ResourceType, request: ListRequest) {
    this.type = type;
    this.#request = request;
  }

  publish({ type, event, object, before }: ClusterChange): void {
    if (type.group !== this.type.group || type.plural !== this.type.plural) return;
    const was = before !== undefined && selects(this.#request, before);
    const is = event !== 'deleted' && selects(this.#request, object);
    if (!was && !is) return;
    // For the watch, an object is added when the selector begins to match and deleted when it no longer matches.
    this.deliver({ event: !was ? 'added' : is ? 'modified' : 'deleted', object });
  }

  deliver(event: WatchEvent<KubeObject>): void {
    if (this.#ended !== undefined) return;
    this.#events.push(event);
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
        const next = this.#events.shift();
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

/** True when a list or watch with this request includes the object. */
export function selects({ namespace, labelSelector }: ListRequest, { metadata }: KubeObject): boolean {
  if (namespace !== undefined && namespace !== metadata.namespace) return false;
  return (labelSelector ?? '').split(/,(?![^(]*\))/).every((term) => matches(term.trim(), metadata.labels ?? {}));
}

function matches(term: string, labels: Readonly<Record<string, string>>): boolean {
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
