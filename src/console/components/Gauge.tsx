// How much of a limit is used, as a bar. The numbers stand beside it.

interface GaugeProps {
  value: number;
  limit: number;
  label: string;
  /** The numbers in words, for screen readers. */
  text: string;
}

export function Gauge({ value, limit, label, text }: GaugeProps) {
  const share = limit <= 0 ? 1 : Math.min(1, value / limit);
  return (
    <span
      class={`gauge ${value >= limit ? 'full' : ''}`}
      role="meter"
      aria-label={label}
      aria-valuenow={value}
      aria-valuemin={0}
      aria-valuemax={Math.max(limit, value)}
      aria-valuetext={text}
    >
      <span class="gauge-fill" style={{ width: `${(100 * share).toFixed(1)}%` }} />
    </span>
  );
}
