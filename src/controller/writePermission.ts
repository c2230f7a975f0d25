// Grants writes only while this process leads with a current index, is connected, and is not closing.

import type { LeaderElector } from '../readmodel/leaderElector.ts';
import type { OutageDetector } from './outageDetector.ts';

export class WritePermission {
  readonly #elector: LeaderElector;
  readonly #outage: OutageDetector;
  readonly #closing: AbortSignal;

  constructor(elector: LeaderElector, outage: OutageDetector, closing: AbortSignal) {
    this.#elector = elector;
    this.#outage = outage;
    this.#closing = closing;
  }

  get granted(): boolean {
    return this.#elector.mayAct && !this.#outage.disconnected && !this.#closing.aborted;
  }
}
