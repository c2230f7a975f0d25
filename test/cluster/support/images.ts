// The images that are in the test cluster before the tests start. Nothing can be pulled: `imagePullPolicy: Never`.

export const genwardenImage = 'reg.local/genwarden:test';
export const natsImage = 'reg.local/nats:2.15.2';
