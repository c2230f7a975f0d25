// Handles one HTTP request of the stand-in: routes it, logs it, waits for its latency, and answers.

import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { imageModels, parseGenerateRequest, textModels } from './generateRequest.ts';
import { BadBehaviour, parseBehaviour } from './behaviour.ts';
import { Choice } from './choice.ts';
import { badKey, GoogleError, missingKey, modelNotFound } from './googleError.ts';
import { Painter } from './picture.ts';
import { deliver, errorReply, jsonReply, refuse, replyTo } from './reply.ts';
import { RequestLog } from './requestLog.ts';
import type { Called, GenerateRequest } from './generateRequest.ts';
import type { Behaviour } from './behaviour.ts';
import type { Line, Packing, Reply } from './reply.ts';
import type { StandinRequest } from './requestLog.ts';

export interface ServiceOptions {
  latencyMs: number;
  keys: readonly string[] | undefined;
  log: (line: string) => void;
}

interface Exchange extends Line {
  url: URL;
  method: string;
  key: string;
  request: IncomingMessage;
}

const largestBody = 100 * 1024 * 1024;

export class Service {
  readonly choice = new Choice();
  readonly log = new RequestLog(2_000);
  readonly #painter = new Painter();
  readonly #options: ServiceOptions;

  constructor(options: ServiceOptions) {
    this.#options = options;
  }

  /** Never rejects: every error becomes an answer, unless the client has disconnected. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const exchange = exchangeOf(request, response);
    try {
      await deliver(await this.#route(exchange), exchange);
    } catch (error) {
      await deliver(errorReply(asGoogleError(error)), exchange);
    }
  }

  async #route(exchange: Exchange): Promise<Reply> {
    const path = exchange.url.pathname;
    if (path === '/standin/behaviour' && exchange.method === 'POST') return await this.#control(exchange);
    if (path === '/standin/requests' && exchange.method === 'GET') return this.#report();
    const found = /^\/([^/]+)\/models(?:\/([^/:]+))?(?::(\w+))?$/.exec(path);
    const [, version = '', model, call] = found ?? [];
    if (found !== null && exchange.method === 'GET' && call === undefined) return await this.#models(exchange, model);
    if (exchange.method !== 'POST' || model === undefined)
      throw new GoogleError(404, 'Requested entity was not found.');
    const name = { version, model: decodeURIComponent(model) };
    if (call === 'generateContent') return await this.#generate(exchange, name, 'body');
    if (call !== 'streamGenerateContent') throw new GoogleError(404, `models/${name.model} does not support ${call}.`);
    return await this.#generate(exchange, name, exchange.url.searchParams.get('alt') === 'sse' ? 'events' : 'array');
  }

  async #generate(exchange: Exchange, { version, model }: Called, packing: Packing): Promise<Reply> {
    const request = parseGenerateRequest({ version, model }, await readBody(exchange.request));
    const record = this.#begin(exchange, version, request);
    this.#checkKey(exchange.key);
    const behaviour = this.choice.forPrompt(request.prompt, exchange.key, model);
    record.behaviour = behaviour.kind;
    const [reply] = await Promise.all([
      replyTo(request, behaviour, packing, this.#painter).catch(errorReply),
      this.#takeTime(behaviour, exchange.signal),
    ]);
    return reply;
  }

  #begin(exchange: Exchange, version: string, request: GenerateRequest): StandinRequest {
    const { model, prompt, seed, references } = request;
    const fields = { version, model, prompt, seed, references: references.length };
    const record = this.log.begin({ ...fields, keyFingerprint: keyFingerprint(exchange.key) });
    const { response, signal } = exchange;
    const end = (outcome: 'answered' | 'aborted' | 'cut'): void => {
      this.log.end(record, outcome, response.headersSent ? response.statusCode : undefined);
      this.#options.log(`${record.id} ${model} ${record.behaviour} ${outcome} ${record.durationMs ?? 0} ms`);
    };
    response.once('finish', () => end('answered'));
    signal.addEventListener('abort', () => end(exchange.isCut ? 'cut' : 'aborted'));
    return record;
  }

  #checkKey(key: string): void {
    if (key === '') throw missingKey();
    if (this.#options.keys?.includes(key) === false) throw badKey();
  }

  async #takeTime(behaviour: Behaviour, signal: AbortSignal): Promise<void> {
    const latencyMs = behaviour.latencyMs ?? this.#options.latencyMs;
    if (latencyMs > 0) await sleep(latencyMs, undefined, { signal }).catch(() => undefined);
  }

  /** Clients check a key for free with the list of models, so errors and hangs apply here too. */
  async #models(exchange: Exchange, model: string | undefined): Promise<Reply> {
    this.#checkKey(exchange.key);
    const behaviour = this.choice.forKey(exchange.key);
    refuse(behaviour, model ?? '');
    await this.#takeTime(behaviour, exchange.signal);
    const models = [...imageModels, ...textModels].map(describeModel);
    const delivery = behaviour.kind === 'hang' ? 'never' : 'whole';
    if (model === undefined) return { ...jsonReply(200, { models }), delivery };
    const found = models.find((one) => one.name === `models/${model}`);
    if (found === undefined) throw modelNotFound(model);
    return { ...jsonReply(200, found), delivery };
  }

  async #control(exchange: Exchange): Promise<Reply> {
    const control = parseControlRequest(await readBody(exchange.request));
    if (control.kind === 'script') this.choice.setScript(control.script);
    else if (control.kind === 'target') this.choice.setFor(control, control.behaviour);
    else this.choice.setDefault(control.behaviour);
    return jsonReply(200, {});
  }

  #report(): Reply {
    return jsonReply(200, { ...this.log.counts, requests: this.log.requests });
  }
}

/** The first 12 hex digits of the key's SHA-256: distinguishes keys in the log without showing them. */
export function keyFingerprint(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 12);
}

function exchangeOf(request: IncomingMessage, response: ServerResponse): Exchange {
  const url = new URL(request.url ?? '/', 'http://standin');
  const header = request.headers['x-goog-api-key'];
  const key = typeof header === 'string' ? header : (url.searchParams.get('key') ?? '');
  const disconnected = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) disconnected.abort();
  });
  return { url, key, method: request.method ?? 'GET', request, response, signal: disconnected.signal, isCut: false };
}

type ControlRequest =
  | { kind: 'script'; script: Behaviour[] }
  | { kind: 'target'; key: string | undefined; model: string | undefined; behaviour: Behaviour | undefined }
  | { kind: 'default'; behaviour: Behaviour | undefined };

function parseControlRequest(body: Buffer): ControlRequest {
  const value: unknown = JSON.parse(body.toString('utf8'));
  const fields: Record<string, unknown> = typeof value === 'object' && value !== null ? { ...value } : {};
  const behaviourOf = (one: unknown): Behaviour | undefined => (one === null ? undefined : parseBehaviour(one));
  if (Array.isArray(fields['script'])) return { kind: 'script', script: fields['script'].map(parseBehaviour) };
  const { key, model, behaviour } = fields;
  if (typeof key === 'string' || typeof model === 'string') {
    const target = { key: textOf(key), model: textOf(model) };
    return { kind: 'target', ...target, behaviour: behaviourOf(behaviour ?? null) };
  }
  return { kind: 'default', behaviour: behaviourOf(value) };
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > largestBody)
      throw new GoogleError(400, `Request payload size exceeds the limit: ${largestBody} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function asGoogleError(error: unknown): unknown {
  if (error instanceof BadBehaviour || error instanceof SyntaxError || error instanceof URIError)
    return new GoogleError(400, error.message);
  return error;
}

function describeModel(name: string): { name: string; supportedGenerationMethods: string[] } {
  return { name: `models/${name}`, supportedGenerationMethods: ['generateContent', 'streamGenerateContent'] };
}
