// Chooses the behaviour of a request: from its prompt's markers, else the script, else that of its key and model, of its key, of
// its model, else the default.

import { markersOf } from './marker.ts';
import type { Behaviour } from './behaviour.ts';

const ordinary: Behaviour = { kind: 'image' };

/** How many prompts have their requests counted (for `times`); beyond this, the oldest are dropped. */
const countedPrompts = 10_000;

export class Choice {
  #default: Behaviour | undefined;
  #script: Behaviour[] = [];
  /** By `targetOf`. */
  readonly #byTarget = new Map<string, Behaviour>();
  readonly #counts = new Map<string, number>();

  setDefault(behaviour: Behaviour | undefined): void {
    this.#default = behaviour;
  }

  /** For requests with the key, for the model, or both. */
  setFor(target: Target, behaviour: Behaviour | undefined): void {
    if (behaviour === undefined) this.#byTarget.delete(targetOf(target));
    else this.#byTarget.set(targetOf(target), behaviour);
  }

  setScript(list: readonly Behaviour[]): void {
    this.#script = list.flatMap((behaviour) => Array.from({ length: behaviour.times ?? 1 }, () => behaviour));
  }

  /** The behaviour for a request with a prompt, which is counted. Throws BadBehaviour for an unknown marker. */
  forPrompt(prompt: string, key: string, model: string): Behaviour {
    const markers = markersOf(prompt);
    const earlier = this.#count(prompt);
    if (markers.length > 0) return nthOf(markers, earlier);
    return this.#script.shift() ?? nthOf(this.#configured(key, model), earlier);
  }

  /** The behaviour for a request without a prompt (the list of models); leaves the script and the counts unchanged. */
  forKey(key: string): Behaviour {
    return nthOf(this.#configured(key, undefined), 0);
  }

  #configured(key: string, model: string | undefined): Behaviour[] {
    const targets: Target[] = [{ key, model }, { key }, { model }];
    const found = targets.map((target) => this.#byTarget.get(targetOf(target)));
    const behaviour = found.find((one) => one !== undefined) ?? this.#default;
    return behaviour === undefined ? [] : [behaviour];
  }

  /** How many earlier requests had this prompt. */
  #count(prompt: string): number {
    const earlier = this.#counts.get(prompt) ?? 0;
    this.#counts.delete(prompt);
    this.#counts.set(prompt, earlier + 1);
    const [oldest] = this.#counts.keys();
    if (this.#counts.size > countedPrompts && oldest !== undefined) this.#counts.delete(oldest);
    return earlier;
  }
}

export interface Target {
  readonly key?: string | undefined;
  readonly model?: string | undefined;
}

const targetOf = ({ key, model }: Target): string => JSON.stringify([key ?? null, model ?? null]);

/** The behaviour of a request after `earlier` others: each in `list` applies `times` times, or always without `times`. */
function nthOf(list: readonly Behaviour[], earlier: number): Behaviour {
  let left = earlier;
  for (const behaviour of list) {
    if (behaviour.times === undefined || left < behaviour.times) return behaviour;
    left -= behaviour.times;
  }
  return ordinary;
}
