// Webhook deliveries that were given up, and sending them again.

import { useState } from 'preact/hooks';
import type { WebhookDelivery } from '../../../client/index.ts';
import { api, tenant } from '../../api/client.ts';
import { can } from '../../api/session.ts';
import { pathTo } from '../../base.ts';
import { Confirm } from '../../components/Dialog.tsx';
import { Loaded } from '../../components/Loaded.tsx';
import { act, notify } from '../../components/Notices.tsx';
import { Moment } from '../../components/Time.tsx';
import { counted } from '../../format.ts';
import { usePoll } from '../../live/poll.ts';

const everyMs = 15_000;

interface Seen {
  deliveries: WebhookDelivery[];
  hasMore: boolean;
}

/** The oldest ones, at most. */
const most = 100;

async function readDead(signal: AbortSignal): Promise<Seen> {
  const deliveries: WebhookDelivery[] = [];
  for await (const delivery of api.deadWebhooks({ signal })) {
    if (deliveries.length === most) return { deliveries, hasMore: true };
    deliveries.push(delivery);
  }
  return { deliveries, hasMore: false };
}

export function DeadWebhooks() {
  const polled = usePoll(readDead, everyMs, tenant.value);
  return (
    <section class="stack" aria-labelledby="webhooks">
      <h2 id="webhooks">Webhooks given up</h2>
      <Loaded polled={polled} what="the deliveries">
        {(seen) =>
          seen.deliveries.length === 0 ? (
            <p class="muted">No delivery was given up.</p>
          ) : (
            <Deliveries {...seen} onSent={() => void polled.refresh()} />
          )
        }
      </Loaded>
    </section>
  );
}

function Deliveries({ deliveries, hasMore, onSent }: Seen & { onSent: () => void }) {
  const [asks, setAsks] = useState(false);
  const canSend = can('jobs:write');
  async function sendAll(): Promise<void> {
    for (const { id } of deliveries) await api.resendWebhook(id);
    notify(`${counted(deliveries.length, 'delivery', 'deliveries')} sent again`);
    onSent();
  }
  return (
    <>
      <div class="row spread">
        <p>{hasMore ? `The oldest ${most} deliveries` : counted(deliveries.length, 'delivery', 'deliveries')}</p>
        {canSend ? (
          <button type="button" onClick={() => setAsks(true)}>
            Send all again
          </button>
        ) : null}
      </div>
      <table class="installation-table">
        <caption class="heard">Webhook deliveries that were given up, oldest first</caption>
        <thead>
          <tr>
            <th scope="col">Event</th>
            <th scope="col">At</th>
            <th scope="col">Receiver</th>
            <th scope="col">Last error</th>
            {canSend ? (
              <th scope="col">
                <span class="heard">Send again</span>
              </th>
            ) : null}
          </tr>
        </thead>
        <tbody>
          {deliveries.map((delivery) => (
            <DeliveryRow key={delivery.id} delivery={delivery} canSend={canSend} onSent={onSent} />
          ))}
        </tbody>
      </table>
      {asks ? (
        <Confirm
          title={`Send ${counted(deliveries.length, 'delivery', 'deliveries')} again?`}
          action="Send again"
          onConfirm={sendAll}
          onClose={() => setAsks(false)}
        >
          <p>Their receivers get each event once more, with the same id.</p>
        </Confirm>
      ) : null}
    </>
  );
}

interface DeliveryRowProps {
  delivery: WebhookDelivery;
  canSend: boolean;
  onSent: () => void;
}

function DeliveryRow({
  delivery: { id, job, event, url, at, attempts, lastError },
  canSend,
  onSent,
}: DeliveryRowProps) {
  const [busy, setBusy] = useState(false);
  async function send(): Promise<void> {
    setBusy(true);
    await act(() => api.resendWebhook(id), `${event} of job ${job} is sent again`);
    setBusy(false);
    onSent();
  }
  return (
    <tr>
      <th scope="row">
        {event} of job{' '}
        <a class="mono" href={pathTo(`/jobs/${job}`)} title={job}>
          {job.slice(0, 8)}
        </a>
      </th>
      <td data-label="At">
        <Moment at={at} />
      </td>
      <td class="mono">{url}</td>
      <td>
        {counted(attempts, 'attempt')}
        {lastError === null ? null : (
          <span class="muted">
            ; {lastError.reason}: {lastError.message}
          </span>
        )}
      </td>
      {canSend ? (
        <td>
          <button type="button" disabled={busy} onClick={() => void send()}>
            Send again<span class="heard">: {id}</span>
          </button>
        </td>
      ) : null}
    </tr>
  );
}
