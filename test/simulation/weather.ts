// The network of a run: what gets lost, is late or comes twice.

/** How unkind the network is in a run: probabilities, and ms. */
export interface Weather {
  latency: number;
  /** Now and then a message takes this much longer. */
  slowBy: number;
  slow: number;
  lostRequest: number;
  lostAnswer: number;
  lostWord: number;
  repeatedWord: number;
  staleRead: number;
  /** ms that a connection may take to come back. */
  reconnects: number;
}

export const fairWeather: Weather = {
  latency: 2,
  slowBy: 0,
  slow: 0,
  lostRequest: 0,
  lostAnswer: 0,
  lostWord: 0,
  repeatedWord: 0,
  staleRead: 0,
  reconnects: 50,
};
