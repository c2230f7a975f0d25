// What the patterns and colours of the timeline mean.

const entries: readonly (readonly [className: string, text: string])[] = [
  ['queued ended-open', 'queued'],
  ['running ended-open', 'running'],
  ['running ended-succeeded', 'attempt succeeded'],
  ['running ended-failed', 'attempt failed'],
  ['running ended-returned', 'back to the queue'],
  ['waiting ended-open', 'waiting'],
  ['review ended-open', 'in review'],
];

export function Legend() {
  return (
    <ul class="timeline-legend" aria-label="Legend">
      {entries.map(([className, text]) => (
        <li key={text}>
          <span class={`span ${className}`} aria-hidden="true" />
          {text}
        </li>
      ))}
      <li>
        <span class="timeline-future" aria-hidden="true" />
        time left
      </li>
    </ul>
  );
}
