// What the adapter logs to and counts with, so that it depends on no logging or metrics library.

type LogLine = (details: object, message: string) => void;

export interface KubeLogger {
  readonly info: LogLine;
  readonly warn: LogLine;
  readonly error: LogLine;
}

export interface LabelledCounter<Label extends string> {
  inc(labels: Record<Label, string>, value?: number): void;
}
