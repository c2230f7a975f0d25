// The link from a job to its trace in the tracing system.

/** Nothing without a trace, or while the API does not know the tracing system. */
export function TraceLink({ url, text }: { url: string | undefined; text: string }) {
  if (url === undefined) return null;
  return (
    <a href={url} target="_blank" rel="noreferrer">
      {text}
    </a>
  );
}
