// Signed links to a job. A test compares these types with the OpenAPI document.

/** URLs that read one job without a token: secrets until they expire. */
export interface JobLinks {
  /** For `GET`: the job with its tasks, whose artifacts have signed addresses. */
  job: string;
  /** For an `EventSource`. */
  events: string;
  /** The artifacts that the job has now. Read the job by its link for later ones. */
  artifacts: ArtifactLink[];
  expiresAt: string;
}

export interface ArtifactLink {
  /** The index of the task. */
  task: number;
  /** The name of the task. */
  name: string | null;
  /** The name of the artifact. */
  artifact: string;
  mediaType: string;
  href: string;
}
