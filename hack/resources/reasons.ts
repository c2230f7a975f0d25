// Descriptions of the conditions and their reasons for docs/custom-resources.md. A test compares them with the operator's.

export interface ConditionText {
  readonly type: string;
  readonly meaning: string;
  /** By reason. */
  readonly reasons: Readonly<Record<string, string>>;
}

export const jobConditions: readonly ConditionText[] = [
  {
    type: 'Accepted',
    meaning: 'Whether the job was submitted. If it is False, the reason is an [error code](errors.md).',
    reasons: {
      Submitted: 'The job was submitted; `status.jobId` names it.',
      AlreadyRun: 'The TTL deleted an equal GenerationJob. Its job, `status.jobId`, is not run again.',
      PoolNotFound: 'The pool does not exist. The operator retries until `queueTimeout` expires.',
      PoolNotAllowed: 'The pool does not accept this namespace. The operator retries likewise.',
      ModelNotInPool: 'The pool does not offer the model. The operator retries likewise.',
      ReferenceNotFound: 'A reference names an image that is not stored. The operator retries likewise.',
      SourceNotFound: 'A ConfigMap or Secret that the spec names does not exist, or lacks the entry. Retried likewise.',
      SourceForbidden: 'The operator may not read it: set `operator.readReferences` in the chart. Retried likewise.',
      InvalidRequest:
        'The spec is invalid in a way that the API server cannot check. Final, except for a field that only a newer version of the operator knows: retried likewise.',
    },
  },
  {
    type: 'Complete',
    meaning: 'Whether the job has finished and every task succeeded.',
    reasons: {
      Succeeded: 'Every task succeeded.',
      NotFinished: 'The job has not finished.',
      EndedOtherwise: 'The job finished, but not every task succeeded: see Finished.',
    },
  },
  {
    type: 'Failed',
    meaning: 'Whether the job finished in any other way, or was not accepted.',
    reasons: {
      Cancelled: 'The job was cancelled.',
      JobDeleted: 'The job was deleted over the API. The operator does not submit it again.',
      JobExpired: 'The retention of the job has ended.',
      'an error code':
        'The code with which most of the failed tasks failed, such as `ProviderUnavailable`: see [errors](errors.md).',
    },
  },
  {
    type: 'Finished',
    meaning: 'Whether the job has finished in any way. Wait for this condition.',
    reasons: {
      Queued: 'Waiting for a worker. The message says why it does not start, if something is in the way.',
      Running: 'A worker is running it.',
      Waiting: 'Waiting for the next attempt.',
      AwaitingReview: 'Waiting for a review: see NeedsReview.',
      Retried: 'It had finished, and runs again because of a retry over the API.',
      else: 'The reason of Complete or Failed.',
    },
  },
  {
    type: 'NeedsReview',
    meaning:
      'Whether a result waits for a [review](review.md). The message has the command to decide with. Absent until the first one does.',
    reasons: {
      AwaitingReview: '`policy.review` is `always`.',
      Flagged: "The check or the provider's safety ratings flagged the result. The message says why.",
      CheckFailed: 'The check of the result could not be made. The message says why.',
      Reviewed: 'No result waits for a review any more.',
    },
  },
  {
    type: 'Ready',
    meaning: 'Whether the results are there, for tools that know no other condition ([gitops.md](gitops.md#health)).',
    reasons: { else: 'As for Finished. False while the job is open, and if it failed.' },
  },
  {
    type: 'Reconciling',
    meaning: 'Whether the job is open, for tools that follow kstatus. Absent once it has finished.',
    reasons: { else: 'As for Finished.' },
  },
  {
    type: 'Stalled',
    meaning: 'Whether the job failed or was cancelled, for tools that follow kstatus. Absent if not.',
    reasons: { else: 'As for Finished.' },
  },
  {
    type: 'Suspended',
    meaning: 'Whether `spec.suspend` or Kueue holds the job back. Absent until one does for the first time.',
    reasons: {
      JobSuspended: '`spec.suspend` is true: the job was not submitted, or its open tasks were stopped.',
      JobResumed: '`spec.suspend` is false again.',
      QueuedByKueue: "The Workload waits for quota. The message is Kueue's.",
      InadmissibleByKueue:
        'Kueue will not admit the Workload: its LocalQueue or ClusterQueue is missing or stopped, or it was deactivated.',
      EvictedByKueue:
        "Kueue evicted the Workload: the job's open tasks were stopped. The message starts with Kueue's reason, such as `Preempted`.",
      AdmittedByKueue: 'The Workload is, or was, admitted: the job may run.',
      KueueNotInstalled:
        'The cluster has no Kueue 0.15 or later. Looked at again every half minute, as are the next three.',
      KueueForbidden: 'The operator may not manage Workloads: set `operator.kueue` in the chart.',
      KueueUnavailable: "Kueue, or a webhook, refused the Workload. The message is the API server's.",
      PriorityClassNotFound: 'The WorkloadPriorityClass of the label `kueue.x-k8s.io/priority-class` does not exist.',
    },
  },
  {
    type: 'ResultsWritten',
    meaning: 'Whether the ConfigMap of `spec.results` has the results. Absent until the job has finished.',
    reasons: {
      ResultsInConfigMap: 'It has.',
      ResultsTooLarge: 'They do not fit into a ConfigMap. Download them.',
      ResultsForbidden:
        'The operator may not write it: set `operator.writeResults` in the chart. It tries again every few minutes.',
      ConfigMapTaken: 'A ConfigMap with this name exists, and does not belong to the GenerationJob.',
    },
  },
];

export const poolConditions: readonly ConditionText[] = [
  {
    type: 'Ready',
    meaning: 'Whether the pool can run tasks.',
    reasons: {
      Available: 'Workers are ready.',
      ScaledToZero: 'There are no workers, and none are needed. Autoscaling starts one for the first task.',
      NoReplicas: '`spec.replicas` is 0, so tasks stay queued.',
      Starting: 'No worker is ready yet.',
      RolloutStuck: 'Pods do not start or find no node. The message names one and the cause.',
      NatsUnavailable: 'The operator gets no answer from NATS, so no task can run.',
      PodsRefused: 'The API server rejects new pods because of a quota, Pod Security or a webhook.',
      SecretNotFound: 'A Secret that `spec.keys` names does not exist.',
      SecretKeyNotFound: 'The Secret lacks that entry, or the entry is empty.',
      SecretForbidden: 'The operator may not read the Secret.',
      InvalidSpec: 'The spec is invalid in a way that the API server cannot check.',
      InvalidTemplate: 'The API server rejects workers with this `spec.template`.',
      Forbidden: 'The operator may not create the workers.',
      NameTaken: 'Another owner has a Deployment of that name.',
      Replacing: 'The workers of an earlier pool of this name are being deleted.',
    },
  },
  {
    type: 'Scaling',
    meaning: 'Whether the pool has as many workers as it needs: see [autoscaling](autoscaling.md).',
    reasons: {
      Fixed: '`spec.replicas` sets the number.',
      DesiredWithinRange: 'As many as the queue needs.',
      ScalingUp: 'More workers are starting.',
      ScalingDown: 'Idle workers are being stopped.',
      ScaledToZero: 'There are no workers, because nothing is queued.',
      BusyPodsKept: 'Fewer are needed, but all are busy. They stay until they have finished.',
      LimitedByMaximum: 'The queue needs more than `maxReplicas`.',
      LimitedByKeys: "The keys' limits would leave more workers idle.",
      Paused: 'The pool is paused, so the queue needs no workers.',
      QueueUnknown: 'The operator cannot read the queue now, so the number does not change.',
      NotReady: 'The pool is not Ready: see that condition.',
    },
  },
  {
    type: 'Paused',
    meaning: 'Whether workers take no tasks.',
    reasons: {
      PausedBySpec: '`spec.paused` is set. Pause and resume over the API answer 409 `PoolPausedBySpec`.',
      PausedByApi: 'Paused over the API or the command line. Resume it there.',
      NotPaused: 'Workers take tasks.',
    },
  },
  {
    type: 'Reconciling',
    meaning: 'Whether the pool is not Ready yet, for tools that follow kstatus. Absent if not.',
    reasons: { else: 'As for Ready.' },
  },
  {
    type: 'Stalled',
    meaning: 'Whether the pool cannot become Ready until somebody acts, for tools that follow kstatus. Absent if not.',
    reasons: { else: 'As for Ready: InvalidSpec, InvalidTemplate, Forbidden, NameTaken or NotServed.' },
  },
];

export const scheduleConditions: readonly ConditionText[] = [
  {
    type: 'Ready',
    meaning: 'Whether GenerationJobs are created at the times of the schedule.',
    reasons: {
      Scheduled: 'They are.',
      Suspended: '`spec.suspend` is true, so none are.',
      InvalidSchedule: 'The expression or the time zone is invalid. The message says what is wrong.',
      NoNextTime: 'The expression has no next time, such as 30 February.',
      JobRefused:
        'The API server refused the last GenerationJob, or another object has its name. The operator retries.',
    },
  },
  {
    type: 'Stalled',
    meaning: 'Whether somebody has to act.',
    reasons: { else: 'The reason of Ready. True if Ready is False.' },
  },
];
