// The nemesis (Jepsen's term): injects the faults that the plan allows, at times that follow from the seed.

import type { AnyInstance, Installation } from './installation.ts';
import { poolName } from './installation.ts';
import type { History } from './history.ts';
import type { FaultName, Plan } from './plan.ts';
import type { Server } from './server.ts';
import type { Random } from './time/random.ts';
import { soundNetwork, type NetworkFaults } from './network.ts';

export interface NemesisOptions {
  readonly plan: Plan;
  readonly random: Random;
  readonly server: Server;
  readonly installation: Installation;
  readonly history: History;
}

export class Nemesis {
  /** Its faults of controllers and NATS last until then, ms of the run. */
  disturbedUntil = 0;
  readonly #options: NemesisOptions;
  /** Each worker may rightly be considered lost until then. */
  readonly #impairedUntil = new Map<string, number>();
  readonly #usual: NetworkFaults;
  #over = false;

  constructor(options: NemesisOptions) {
    this.#options = options;
    this.#usual = { ...options.plan.network };
  }

  begin(): void {
    for (const [fault, mean] of this.#options.plan.faults) this.#again(fault, mean);
  }

  /** Whether the worker has been healthy since that moment, as seen from outside. */
  wasWell(worker: string, since: number): boolean {
    const instance = this.#options.installation.find(worker);
    return instance?.process.alive === true && since > (this.#impairedUntil.get(worker) ?? -Infinity);
  }

  /** Repairs everything and injects no more faults. */
  stop(): void {
    const { server, installation, plan } = this.#options;
    this.#over = true;
    server.start();
    server.startJetStream();
    server.process.enter(() => void server.queue.resume(poolName).catch(() => undefined));
    Object.assign(plan.network, soundNetwork);
    for (const { process, link, clockError } of installation.all()) {
      link.mend();
      clockError.ms = 0;
      if (process.frozen) process.thaw();
    }
  }

  #again(fault: FaultName, mean: number): void {
    const { server, random } = this.#options;
    server.process.after(random.until(mean), () => {
      if (this.#over) return;
      this.#do(fault);
      this.#again(fault, mean);
    });
  }

  #do(fault: FaultName): void {
    const { installation, server, random, plan } = this.#options;
    const long = plan.kind === 'natsAway' ? 60_000 : 20_000;
    switch (fault) {
      case 'crashWorker':
        return this.#onOne(installation.workers, 'crashes', (instance) => instance.process.end());
      case 'crashController':
        return this.#onOne(installation.controllers, 'crashes', (instance) => instance.process.end());
      case 'crashApi':
        return this.#onOne(installation.apis, 'crashes', (instance) => instance.process.end());
      case 'freezeWorker':
        return this.#freeze(installation.workers);
      case 'freezeController':
        return this.#freeze(installation.controllers);
      case 'freezeApi':
        return this.#freeze(installation.apis);
      case 'cutWorker':
        return this.#cut(installation.workers);
      case 'cutController':
        return this.#cut(installation.controllers);
      case 'cutApi':
        return this.#cut(installation.apis);
      case 'stopNats':
        return this.#forAWhile(
          'NATS',
          random.between(300, long),
          () => server.stop(),
          () => server.start(),
        );
      case 'stopJetStream':
        return this.#forAWhile(
          'JetStream',
          random.between(2_000, 10_000),
          () => server.stopJetStream(),
          () => server.startJetStream(),
        );
      default:
        return this.#doOther(fault);
    }
  }

  #doOther(fault: Exclude<FaultName, `${'crash' | 'freeze' | 'cut'}${string}` | 'stopNats' | 'stopJetStream'>): void {
    const { installation, server, random } = this.#options;
    switch (fault) {
      case 'falseLoss':
        return this.#fakeDisconnect();
      case 'kick':
        return this.#onOne(installation.all(), 'is kicked', (instance) =>
          instance.link.lose(random.pick(['Kicked', 'Read Error'])),
        );
      case 'depose':
        this.#note('the lease is deleted');
        this.#disturb(5_000);
        server.lease = undefined;
        return;
      case 'drainWorker':
        return this.#onOne(installation.workers, 'is drained', (instance) => this.#drain(instance));
      case 'rollAll':
        this.#note('all processes restart, one after the other');
        installation
          .all()
          .forEach((instance, at) =>
            server.process.after(at * random.between(500, 3_000), () => this.#restart(instance)),
          );
        return;
      case 'forgetConsumers':
        this.#note('the consumers are deleted');
        this.#disturb(15_000);
        server.queue.forget(poolName);
        return;
      case 'clockError':
        return this.#shiftClock();
      case 'wallClock':
        return this.#onOne(installation.all(), 'gets another wall clock', (instance) => {
          instance.process.skew = random.whole(-3_600_000, 3_600_000);
        });
      case 'storm':
        return this.#storm();
      case 'pausePool':
        this.#note('the pool is paused');
        void server.queue.pause(poolName, server.clock.now() + random.whole(1_000, 20_000)).catch(() => undefined);
        return;
      default:
        fault satisfies never;
    }
  }

  #onOne<P extends AnyInstance>(instances: readonly P[], what: string, action: (instance: P) => void): void {
    if (instances.length === 0) return;
    const instance = this.#options.random.pick(instances);
    this.#note(`${instance.process.name} ${what}`);
    this.#impair(instance, 0);
    action(instance);
  }

  #freeze(instances: readonly AnyInstance[]): void {
    const { server } = this.#options;
    const ms = this.#span();
    this.#onOne(
      instances.filter(({ process }) => !process.frozen),
      `is frozen for ${ms} ms`,
      (instance) => {
        this.#impair(instance, ms);
        instance.process.freeze();
        server.process.after(ms, () => {
          if (!instance.process.frozen) return;
          this.#note(`${instance.process.name} is thawed`);
          instance.process.thaw();
        });
      },
    );
  }

  #cut(instances: readonly AnyInstance[]): void {
    const { server, random } = this.#options;
    const ms = this.#span();
    this.#onOne(instances, `is disconnected for ${ms} ms`, (instance) => {
      this.#impair(instance, ms);
      instance.link.cut(random.pick(['Read Error', 'Stale Connection', 'Client Closed']));
      server.process.after(ms, () => instance.link.mend());
    });
  }

  #span(): number {
    const { random } = this.#options;
    return Math.round(
      random.pick([random.between(200, 3_000), random.between(3_000, 15_000), random.between(15_000, 40_000)]),
    );
  }

  #forAWhile(what: string, ms: number, begin: () => void, end: () => void): void {
    this.#note(`${what} is away for ${Math.round(ms)} ms`);
    this.#disturb(ms);
    for (const instance of this.#options.installation.workers) this.#impair(instance, ms);
    begin();
    this.#options.server.process.after(ms, () => {
      this.#note(`${what} is back`);
      end();
    });
  }

  /** Another client connects with a worker's name and disconnects, which means nothing for the worker. */
  #fakeDisconnect(): void {
    const { installation, server, random } = this.#options;
    if (installation.workers.length === 0) return;
    const { name } = random.pick(installation.workers).process;
    this.#note(`another client connects as ${name} and disconnects`);
    const client = server.nextClient();
    for (const { link, hear } of server.connections)
      link.deliver(() => hear({ kind: 'disconnect', name, server: 'nats', client, reason: 'Client Closed' }));
  }

  #drain(instance: AnyInstance): void {
    if (instance.role !== 'worker') return;
    instance.drainingSince ??= this.#options.server.process.schedule.now;
    instance.process.receive(() => void instance.worker.drain());
  }

  #restart(instance: AnyInstance): void {
    if (!instance.process.alive || this.#over) return;
    this.#note(`${instance.process.name} receives SIGTERM`);
    this.#impair(instance, 0);
    if (instance.role === 'worker') return this.#drain(instance);
    if (instance.role === 'api') return instance.process.end();
    const { process, controller, follower } = instance;
    process.receive(
      () =>
        void controller
          .close()
          .then(() => follower.close())
          .then(() => process.end()),
    );
    // It may wait for NATS. The kubelet would not wait longer either.
    this.#options.server.process.after(30_000, () => process.end());
  }

  #shiftClock(): void {
    const { installation, server, random } = this.#options;
    this.#onOne(installation.all(), 'has a wrong server time', (instance) => {
      this.#disturb(10_000);
      instance.clockError.ms = random.whole(-3_000, 3_000);
      server.process.after(random.between(500, 10_000), () => (instance.clockError.ms = 0));
    });
  }

  #storm(): void {
    const { plan, server, random } = this.#options;
    const { network } = plan;
    const ms = random.between(3_000, 12_000);
    this.#note(`network storm for ${Math.round(ms)} ms`);
    this.#disturb(ms);
    for (const instance of this.#options.installation.workers) this.#impair(instance, ms);
    Object.assign(network, { slow: 0.3, slowBy: 5_000, lostRequest: 0.4, lostAnswer: 0.4, lostMessage: 0.5 });
    server.process.after(ms, () => this.#over || Object.assign(network, this.#usual));
  }

  #impair({ process, role }: AnyInstance, ms: number): void {
    const until = process.schedule.now + ms + 10_000;
    if (role === 'controller') this.#disturb(ms);
    this.#impairedUntil.set(process.name, Math.max(until, this.#impairedUntil.get(process.name) ?? 0));
  }

  #disturb(ms: number): void {
    this.disturbedUntil = Math.max(this.disturbedUntil, this.#options.server.process.schedule.now + ms);
  }

  #note(what: string): void {
    this.#options.history.note('nemesis', () => what);
  }
}
