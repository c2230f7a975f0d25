// Fields that the next version of the list has.

import '../../../../client/types/job.ts';

declare module '../../../../client/types/job.ts' {
  interface ListedJob {
    prompt: string | null;
    thumbnails: { task: number; href: string }[];
  }

  interface ListFilter {
    search?: string;
  }
}
