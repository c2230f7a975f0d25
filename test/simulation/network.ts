// The network faults of a run: messages that are lost, late or delivered twice.

/** Probabilities, and ms where noted. */
export interface NetworkFaults {
  /** ms. */
  latency: number;
  /** ms that a slow message takes longer. */
  slowBy: number;
  slow: number;
  lostRequest: number;
  lostAnswer: number;
  lostMessage: number;
  repeatedMessage: number;
  staleRead: number;
  /** The longest time that a lost connection takes to come back, ms. */
  reconnects: number;
}

export const soundNetwork: NetworkFaults = {
  latency: 2,
  slowBy: 0,
  slow: 0,
  lostRequest: 0,
  lostAnswer: 0,
  lostMessage: 0,
  repeatedMessage: 0,
  staleRead: 0,
  reconnects: 50,
};

/** No message is lost or late. */
export const isSound = ({
  latency,
  slow,
  lostRequest,
  lostAnswer,
  lostMessage,
  repeatedMessage,
}: NetworkFaults): boolean => latency < 100 && slow + lostRequest + lostAnswer + lostMessage + repeatedMessage === 0;
