// Handles one HTTP request of the stand-in: passes it to the dialect that it is in, logs it, and answers.

import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { parseBehaviour } from './behaviour.ts';
import { Choice } from './choice.ts';
import { readBody } from './dialect.ts';
import { gemini } from './gemini/dialect.ts';
import { openai } from './openai/dialect.ts';
import { Painter } from './picture.ts';
import { deliver, jsonReply } from './reply.ts';
import { RequestLog } from './requestLog.ts';
import type { Behaviour } from './behaviour.ts';
import type { Desk, Dialect, Exchange } from './dialect.ts';
import type { Reply } from './reply.ts';
import type { NewRequest, StandinRequest } from './requestLog.ts';

export interface ServiceOptions {
  latencyMs: number;
  keys: readonly string[] | undefined;
  log: (line: string) => void;
}

/** The first that knows a request answers it; the last one answers every request. */
const dialects: readonly Dialect[] = [openai, gemini];

const largestControl = 10_000_000;

export class Service implements Desk {
  readonly choice = new Choice();
  readonly painter = new Painter();
  readonly log = new RequestLog(2_000);
  readonly #options: ServiceOptions;

  constructor(options: ServiceOptions) {
    this.#options = options;
  }

  /** Never rejects: every error becomes an answer, unless the client has disconnected. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const exchange = exchangeOf(request, response);
    await deliver(await this.#answer(exchange), exchange);
  }

  keyProblem(key: string): 'missing' | 'unknown' | undefined {
    if (key === '') return 'missing';
    return this.#options.keys?.includes(key) === false ? 'unknown' : undefined;
  }

  begin(exchange: Exchange, key: string, call: NewRequest): StandinRequest {
    const record = this.log.begin({ ...call, keyFingerprint: keyFingerprint(key) });
    const { response, signal } = exchange;
    const end = (outcome: 'answered' | 'aborted' | 'cut'): void => {
      this.log.end(record, outcome, response.headersSent ? response.statusCode : undefined);
      this.#options.log(`${record.id} ${call.model} ${record.behaviour} ${outcome} ${record.durationMs ?? 0} ms`);
    };
    response.once('finish', () => end('answered'));
    signal.addEventListener('abort', () => end(exchange.isCut ? 'cut' : 'aborted'));
    return record;
  }

  async takeTime(behaviour: Behaviour, signal: AbortSignal): Promise<void> {
    const latencyMs = behaviour.latencyMs ?? this.#options.latencyMs;
    if (latencyMs > 0) await sleep(latencyMs, undefined, { signal }).catch(() => undefined);
  }

  async #answer(exchange: Exchange): Promise<Reply> {
    for (const dialect of [control(this), ...dialects]) {
      try {
        const answering = dialect.answer(exchange, this);
        if (answering !== undefined) return await answering;
      } catch (error) {
        return dialect.errorReply(error);
      }
    }
    throw new Error('the last dialect answers every request');
  }
}

/** The stand-in's own interface, for those who set its behaviour and count its requests. */
function control({ choice, log, painter }: Service): Dialect {
  const behave = async ({ request }: Exchange): Promise<Reply> => {
    const wanted = parseControlRequest(await readBody(request, largestControl));
    if (wanted.kind === 'script') choice.setScript(wanted.script);
    else if (wanted.kind === 'target') choice.setFor(wanted, wanted.behaviour);
    else choice.setDefault(wanted.behaviour);
    return jsonReply(200, {});
  };
  return {
    answer: (exchange) => {
      const route = `${exchange.method} ${exchange.url.pathname}`;
      if (route === 'POST /standin/behaviour') return behave(exchange);
      if (route === 'GET /standin') return Promise.resolve(jsonReply(200, { name: 'genwarden-stand-in' }));
      if (route === 'GET /standin/image') return picture(painter);
      if (route !== 'GET /standin/requests') return undefined;
      return Promise.resolve(jsonReply(200, { ...log.counts, requests: log.requests }));
    },
    errorReply: gemini.errorReply,
  };
}

/** The picture of answers that give an address instead of base64. */
async function picture(painter: Painter): Promise<Reply> {
  const size = { width: 64, height: 64 };
  const { bytes, mimeType } = await painter.paintSmall({ prompt: '', seed: 0, references: [], size, format: 'png' });
  return { status: 200, contentType: mimeType, body: bytes, delivery: 'whole' };
}

/** The first 12 hex digits of the key's SHA-256: distinguishes keys in the log without showing them. */
export function keyFingerprint(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 12);
}

function exchangeOf(request: IncomingMessage, response: ServerResponse): Exchange {
  const url = new URL(request.url ?? '/', 'http://standin');
  const disconnected = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) disconnected.abort();
  });
  return { url, method: request.method ?? 'GET', request, response, signal: disconnected.signal, isCut: false };
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
