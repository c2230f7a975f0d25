// A bar of progress in characters.

/** `fraction` (0 to 1, clamped) as a bar of `columns`, with its percentage: `██████░░░░  60%`. */
export function progressBar(fraction: number, columns: number): string {
  const part = Math.min(1, Math.max(0, Number.isNaN(fraction) ? 0 : fraction));
  const full = Math.floor(part * columns);
  // Rounded down: 100% is said only of what is done.
  const percentage = `${Math.floor(part * 100)}%`.padStart(4);
  return `${'█'.repeat(full)}${'░'.repeat(columns - full)} ${percentage}`;
}
