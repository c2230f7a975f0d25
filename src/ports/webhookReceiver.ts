// Sends a request to the receiver of a webhook. The receiver is chosen by clients, so it is not trusted: addresses of internal
// networks are refused at the moment of connecting, and nothing that it does can hold or fill this process.

import type { AttemptResult } from '../job/webhooks/delivery.ts';

export interface WebhookRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface WebhookReceiver {
  /** Never throws for what the receiver does; ends after 15 s at the latest. */
  post(request: WebhookRequest, signal: AbortSignal): Promise<AttemptResult>;
  /** Whether the setting lists this host name or address, so that it may be internal and use plain HTTP. */
  isAllowed(hostname: string): boolean;
}
