// The output of commands as the documentation shows it, and what of it differs from run to run.

/** Addresses and names of this machine as a reader would see them. */
export function presentable(output: string): string {
  return output
    .replaceAll(/nats:\/\/127\.0\.0\.1:\d+/g, 'nats://127.0.0.1:4222')
    .replaceAll(/(https?:\/\/)?127\.0\.0\.1:(?!4222\b)\d+/g, '$1127.0.0.1:8080')
    .replaceAll(/\b(worker|controller|api)-\S+?-([\da-f]{8})\b/g, '$1-vm-$2')
    .replaceAll(/\/\S*\/genwarden-[\w-]+\//g, '/etc/genwarden/')
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

export const jobIds = /\b[\da-hj-np-tv-z]{26}\b/g;

/** Without what differs from run to run: ids, names of workers and keys, times, durations, ports and widths of columns. */
export function steady(output: string): string {
  return output
    .replaceAll(jobIds, 'JOB')
    .replaceAll(/\b(?:worker|controller|api)-\S+?-[\da-f]{8}\b/g, 'PROCESS')
    .replaceAll(/\b[\da-f]{16}\b/g, 'KEY')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replaceAll(/\b\d{4}-\d\d-\d\d \d\d:\d\dZ/g, 'TIME')
    .replaceAll(/\b\d\d:\d\d:\d\dZ?\b/g, 'TIME')
    .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT')
    .replaceAll(/\b\d+(?:\.\d+)? (?:ms|s|min|h|days?)(?: \d+ (?:s|min|h))*\b/g, 'DURATION')
    .replaceAll(/\b(?:\d+(?:\.\d+)?(?:ms|[dhms]))+\b/g, 'DURATION')
    .replaceAll(/DURATION (?:ahead of|behind)/g, 'DURATION off')
    .replaceAll(/version \d+\.\d+\.\d+/g, 'version VERSION')
    .replaceAll(/\d+(?:\.\d+)? (?:[KM]i?B|B)\b/g, 'SIZE')
    .replaceAll(/ {2,}/g, '  ')
    .replaceAll(/ +$/gm, '');
}
