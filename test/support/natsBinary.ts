// Tests run the nats-server that `genwarden dev` would.
export { findNatsServer } from '../../src/cli/dev/natsBinary.ts';
