// Resolves `$ref` within one schema: pointers, anchors, and the identifiers of embedded schemas. Nothing is ever fetched.

import type { JsonObject, JsonValue } from '../../job/task.ts';
import { follow, type Path } from './place.ts';

interface Unresolved {
  /** The pointer of the subschema that holds the `$ref`. */
  readonly from: string;
  readonly path: Path;
  readonly text: string;
  readonly base: string;
}

interface Target {
  readonly path: Path;
  readonly value: JsonValue;
  readonly base: string;
}

/** For a schema without an identifier. */
const namelessBase = 'schema://input/';

const remote =
  'leads to another document, which is not fetched; put that schema under $defs, and refer to it as #/$defs/…';

export class References {
  readonly base = namelessBase;
  readonly #root: JsonObject;
  /** By URI without fragment. */
  readonly #documents = new Map<string, Path>([[namelessBase, []]]);
  /** By URI with the anchor as its fragment. */
  readonly #anchors = new Map<string, Path>();
  #unresolved: Unresolved[] = [];

  constructor(root: JsonObject) {
    this.#root = root;
  }

  /** Notes the identifiers of a subschema; returns the base of the references within it. */
  enter(schema: JsonObject, path: Path, outer: string): string {
    const base = this.#enterDocument(schema, path, outer);
    const { $anchor } = schema;
    if (typeof $anchor === 'string') this.#anchors.set(`${base}#${$anchor}`, path);
    return base;
  }

  add(reference: Unresolved): void {
    this.#unresolved.push(reference);
  }

  takeUnresolved(): readonly Unresolved[] {
    const taken = this.#unresolved;
    this.#unresolved = [];
    return taken;
  }

  /** The subschema, or the problem. */
  resolve(text: string, base: string): Target | string {
    const url = parsed(text, base);
    if (url === undefined) return 'is not a reference such as #/$defs/name';
    const [uri, fragment] = url;
    const document = this.#documents.get(uri);
    if (document === undefined) return remote;
    if (fragment !== '' && !fragment.startsWith('/')) {
      const path = this.#anchors.get(`${uri}#${fragment}`);
      if (path === undefined) return `leads nowhere: there is no $anchor ${fragment.slice(0, 60)}`;
      return { ...follow(this.#root, path, '')!, base: uri };
    }
    const found = follow(this.#root, document, fragment);
    return found === undefined ? 'leads nowhere' : { ...found, base: uri };
  }

  /** Draft 4 writes `id`. Later drafts may have a hint of that name, so only an identifier of the whole schema counts. */
  #enterDocument(schema: JsonObject, path: Path, outer: string): string {
    const id = schema['$id'] ?? (path.length === 0 || this.#isDraft4() ? schema['id'] : undefined);
    const url = typeof id === 'string' ? parsed(id, outer) : undefined;
    if (url === undefined) return outer;
    const [uri, fragment] = url;
    // Drafts before 2019-09 write anchors as identifiers.
    if (fragment !== '') this.#anchors.set(`${uri}#${fragment}`, path);
    if (uri === outer) return outer;
    this.#documents.set(uri, path);
    return uri;
  }

  #isDraft4(): boolean {
    const { $schema } = this.#root;
    return typeof $schema === 'string' && $schema.includes('draft-04');
  }
}

/** The URI and its decoded fragment. */
function parsed(text: string, base: string): readonly [string, string] | undefined {
  try {
    const url = new URL(text, base);
    const fragment = decodeURIComponent(url.hash.slice(1));
    url.hash = '';
    return [url.href, fragment];
  } catch {
    return undefined;
  }
}
