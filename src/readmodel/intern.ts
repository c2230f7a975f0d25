// Shares equal values between the tasks in memory: 100,000 open tasks must fit into 200 MB together with everything else.

import type { Policy } from '../job/policy.ts';
import type { Budgets, TaskIdentity, TaskState } from '../job/task.ts';
import type { WebhookEvent } from '../job/webhooks/eventTypes.ts';

const noLabels: Readonly<Record<string, string>> = Object.freeze({});

export class Interner {
  readonly #strings = new Map<string, string>();
  readonly #policies = new Map<string, Policy>();
  readonly #eventLists = new Map<string, readonly WebhookEvent[]>();
  readonly #budgets = new Map<string, Budgets>();

  /** Returns an equal state that shares values with `earlier` (same task), `sibling` (same job) and all others. */
  share(state: TaskState, earlier: TaskState | undefined, sibling: TaskState | undefined): TaskState {
    const of = earlier?.of ?? this.#identity(state.of, sibling?.of);
    // The budgets of a new task come from its policy, so many tasks share them; later budgets are rarely equal.
    const budgets = earlier === undefined ? this.#budget(state.budgets) : state.budgets;
    return 'worker' in state && state.worker !== null
      ? { ...state, of, budgets, worker: this.#string(state.worker) }
      : { ...state, of, budgets };
  }

  #identity(of: TaskIdentity, sibling: TaskIdentity | undefined): TaskIdentity {
    return {
      ...of,
      job: sibling?.job ?? of.job,
      tenant: this.#string(of.tenant),
      pool: this.#string(of.pool),
      model: this.#string(of.model),
      labels: sibling?.labels ?? (Object.keys(of.labels).length === 0 ? noLabels : of.labels),
      policy: this.#policy(of.policy),
      ...(of.webhook === undefined ? {} : { webhook: this.#events(of.webhook) }),
      ...(of.trace !== undefined && of.trace === sibling?.trace ? { trace: sibling.trace } : {}),
    };
  }

  #events(events: readonly WebhookEvent[]): readonly WebhookEvent[] {
    const key = events.join(' ');
    const known = this.#eventLists.get(key) ?? events;
    // A newer version may know more events, but a handful of lists is all that clients use.
    if (this.#eventLists.size < 1_000) this.#eventLists.set(key, known);
    return known;
  }

  #policy(policy: Policy): Policy {
    const key = JSON.stringify(policy);
    const known = this.#policies.get(key);
    if (known !== undefined) return known;
    if (this.#policies.size >= 10_000) this.#policies.clear();
    this.#policies.set(key, policy);
    return policy;
  }

  #budget(budgets: Budgets): Budgets {
    const key = JSON.stringify(budgets);
    const known = this.#budgets.get(key);
    if (known !== undefined) return known;
    if (this.#budgets.size >= 10_000) this.#budgets.clear();
    this.#budgets.set(key, budgets);
    return budgets;
  }

  #string(text: string): string {
    const known = this.#strings.get(text);
    if (known !== undefined) return known;
    if (this.#strings.size >= 10_000) this.#strings.clear();
    this.#strings.set(text, text);
    return text;
  }
}
