// Tests run the nats-server that `genwarden dev` would.
export { findNatsServer } from '../../src/processes/dev/natsBinary.ts';
