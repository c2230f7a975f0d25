// The nemesis: crashes, freezes, cuts, kicks, deposes and misleads whoever the plan allows, at moments of the seed.

import type { AnyPlayer, Cast } from './cast.ts';
import { poolName } from './cast.ts';
import type { History } from './history.ts';
import type { FaultName, Plan } from './plan.ts';
import type { Server } from './server.ts';
import type { Random } from './time/random.ts';
import { fairWeather, type Weather } from './weather.ts';

export interface NemesisOptions {
  readonly plan: Plan;
  readonly random: Random;
  readonly server: Server;
  readonly cast: Cast;
  readonly history: History;
}

export class Nemesis {
  /** Until when what it did to controllers or NATS lasts, ms of the run. */
  disturbedUntil = 0;
  readonly #options: NemesisOptions;
  /** Until when each worker may rightly be thought lost. */
  readonly #impairedUntil = new Map<string, number>();
  readonly #usual: Weather;
  #over = false;

  constructor(options: NemesisOptions) {
    this.#options = options;
    this.#usual = { ...options.plan.weather };
  }

  begin(): void {
    for (const [fault, mean] of this.#options.plan.faults) this.#again(fault, mean);
  }

  /** Was the worker well, as far as it is to be known from outside, since that moment? */
  wasWell(worker: string, since: number): boolean {
    const player = this.#options.cast.find(worker);
    return player?.process.alive === true && since > (this.#impairedUntil.get(worker) ?? -Infinity);
  }

  /** Mends everything, and does no more. */
  relent(): void {
    const { server, cast, plan } = this.#options;
    this.#over = true;
    server.start();
    server.startJetStream();
    server.process.enter(() => void server.queue.resume(poolName).catch(() => undefined));
    Object.assign(plan.weather, fairWeather);
    for (const { process, link, clockError } of cast.all()) {
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
    const { cast, server, random, plan } = this.#options;
    const long = plan.kind === 'natsAway' ? 60_000 : 20_000;
    switch (fault) {
      case 'crashWorker':
        return this.#onOne(cast.workers, 'crashes', (player) => player.process.end());
      case 'crashController':
        return this.#onOne(cast.controllers, 'crashes', (player) => player.process.end());
      case 'crashApi':
        return this.#onOne(cast.apis, 'crashes', (player) => player.process.end());
      case 'freezeWorker':
        return this.#freeze(cast.workers);
      case 'freezeController':
        return this.#freeze(cast.controllers);
      case 'freezeApi':
        return this.#freeze(cast.apis);
      case 'cutWorker':
        return this.#cut(cast.workers);
      case 'cutController':
        return this.#cut(cast.controllers);
      case 'cutApi':
        return this.#cut(cast.apis);
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
        return this.#mislead(fault);
    }
  }

  #mislead(fault: Exclude<FaultName, `${'crash' | 'freeze' | 'cut'}${string}` | 'stopNats' | 'stopJetStream'>): void {
    const { cast, server, random } = this.#options;
    switch (fault) {
      case 'falseLoss':
        return this.#forge();
      case 'kick':
        return this.#onOne(cast.all(), 'is kicked', (player) =>
          player.link.lose(random.pick(['Kicked', 'Read Error'])),
        );
      case 'depose':
        this.#note('the lease is deleted');
        this.#disturb(5_000);
        server.lease = undefined;
        return;
      case 'drainWorker':
        return this.#onOne(cast.workers, 'is drained', (player) => this.#drain(player));
      case 'rollAll':
        this.#note('everything is restarted, one after the other');
        cast
          .all()
          .forEach((player, at) => server.process.after(at * random.between(500, 3_000), () => this.#restart(player)));
        return;
      case 'forgetConsumers':
        this.#note('the consumers are deleted');
        this.#disturb(15_000);
        server.queue.forget(poolName);
        return;
      case 'clockError':
        return this.#misleadClock();
      case 'wallClock':
        return this.#onOne(cast.all(), 'has its clock set', (player) => {
          player.process.skew = random.whole(-3_600_000, 3_600_000);
        });
      case 'storm':
        return this.#storm();
      case 'pausePool':
        this.#note('the pool is paused for a while');
        void server.queue.pause(poolName, server.clock.now() + random.whole(1_000, 20_000)).catch(() => undefined);
        return;
      default:
        fault satisfies never;
    }
  }

  #onOne<P extends AnyPlayer>(players: readonly P[], what: string, action: (player: P) => void): void {
    if (players.length === 0) return;
    const player = this.#options.random.pick(players);
    this.#note(`${player.process.name} ${what}`);
    this.#impair(player, 0);
    action(player);
  }

  #freeze(players: readonly AnyPlayer[]): void {
    const { server } = this.#options;
    const ms = this.#span();
    this.#onOne(
      players.filter(({ process }) => !process.frozen),
      `is frozen for ${ms} ms`,
      (player) => {
        this.#impair(player, ms);
        player.process.freeze();
        server.process.after(ms, () => {
          if (!player.process.frozen) return;
          this.#note(`${player.process.name} is thawed`);
          player.process.thaw();
        });
      },
    );
  }

  #cut(players: readonly AnyPlayer[]): void {
    const { server, random } = this.#options;
    const ms = this.#span();
    this.#onOne(players, `is cut off for ${ms} ms`, (player) => {
      this.#impair(player, ms);
      player.link.cut(random.pick(['Read Error', 'Stale Connection', 'Client Closed']));
      server.process.after(ms, () => player.link.mend());
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
    for (const player of this.#options.cast.workers) this.#impair(player, ms);
    begin();
    this.#options.server.process.after(ms, () => {
      this.#note(`${what} is back`);
      end();
    });
  }

  /** Somebody connects under a worker's name, and leaves: it says nothing about the worker. */
  #forge(): void {
    const { cast, server, random } = this.#options;
    if (cast.workers.length === 0) return;
    const { name } = random.pick(cast.workers).process;
    this.#note(`somebody takes the name of ${name}, and leaves`);
    const client = server.nextClient();
    for (const { link, hear } of server.connections)
      link.deliver(() => hear({ kind: 'disconnect', name, server: 'nats', client, reason: 'Client Closed' }));
  }

  #drain(player: AnyPlayer): void {
    if (player.role !== 'worker') return;
    player.drainingSince ??= this.#options.server.process.schedule.now;
    player.process.receive(() => void player.worker.drain());
  }

  #restart(player: AnyPlayer): void {
    if (!player.process.alive || this.#over) return;
    this.#note(`${player.process.name} is told to end`);
    this.#impair(player, 0);
    if (player.role === 'worker') return this.#drain(player);
    if (player.role === 'api') return player.process.end();
    const { process, controller, follower } = player;
    process.receive(
      () =>
        void controller
          .close()
          .then(() => follower.close())
          .then(() => process.end()),
    );
    // Held up by NATS being away, say; the kubelet would not wait either.
    this.#options.server.process.after(30_000, () => process.end());
  }

  #misleadClock(): void {
    const { cast, server, random } = this.#options;
    this.#onOne(cast.all(), 'mistakes the time', (player) => {
      this.#disturb(10_000);
      player.clockError.ms = random.whole(-3_000, 3_000);
      server.process.after(random.between(500, 10_000), () => (player.clockError.ms = 0));
    });
  }

  #storm(): void {
    const { plan, server, random } = this.#options;
    const { weather } = plan;
    const ms = random.between(3_000, 12_000);
    this.#note(`a storm of ${Math.round(ms)} ms`);
    this.#disturb(ms);
    for (const player of this.#options.cast.workers) this.#impair(player, ms);
    Object.assign(weather, { slow: 0.3, slowBy: 5_000, lostRequest: 0.4, lostAnswer: 0.4, lostWord: 0.5 });
    server.process.after(ms, () => this.#over || Object.assign(weather, this.#usual));
  }

  #impair({ process, role }: AnyPlayer, ms: number): void {
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
