// What the adapter counts with, so that it depends on no metrics library.

export interface LabelledCounter<Label extends string> {
  inc(labels: Record<Label, string>, value?: number): void;
}
