// The images that the test cluster has before the tests start. It cannot pull others: `imagePullPolicy: Never`.

export const genwardenImage = 'reg.local/genwarden:test';
export const natsImage = 'reg.local/nats:2.15.2';

/** The release before this one; `cluster.sh load before` puts it on the node. */
export const imageBefore = 'reg.local/genwarden:before';
