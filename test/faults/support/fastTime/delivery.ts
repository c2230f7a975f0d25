// Deliveries that are given back: NATS counts the delay in real time.

import * as real from '../../../../src/adapters/nats/queue/delivery.ts';
import { ownScale, realMs } from './scale.ts';

export const receive: typeof real.receive = (connection, message, onSkipped) => {
  const { delivery, pending } = real.receive(connection, message, onSkipped);
  if (delivery === undefined) return { delivery, pending };
  return { delivery: { ...delivery, nak: (delay) => delivery.nak(realMs(ownScale, delay)) }, pending };
};
