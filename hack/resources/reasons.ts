// What the page about the custom resources says of conditions and their reasons. A test compares with what the operator says.

export interface ConditionText {
  readonly type: string;
  readonly meaning: string;
  /** By reason. */
  readonly reasons: Readonly<Record<string, string>>;
}

export const jobConditions: readonly ConditionText[] = [
  {
    type: 'Accepted',
    meaning:
      'Whether the job was submitted. False with a reason of the [error catalogue](errors.md) says why it was not.',
    reasons: {
      Submitted: 'It was; `status.jobId` names the job.',
      PoolNotFound: 'There is no such pool. It is tried again until `queueTimeout` is over.',
      PoolNotAllowed: 'The pool is not for this namespace. Tried again likewise.',
      ModelNotInPool: 'The pool does not offer the model. Tried again likewise.',
      ReferenceNotFound: 'A reference names no stored image. Tried again likewise.',
      InvalidRequest: 'The spec is wrong in a way that the API server does not see. Final.',
    },
  },
  {
    type: 'Complete',
    meaning: 'Whether the job ended and every task succeeded.',
    reasons: {
      Succeeded: 'It did.',
      NotFinished: 'It has not ended.',
      EndedOtherwise: 'It ended, but not so: see Finished.',
    },
  },
  {
    type: 'Failed',
    meaning: 'Whether the job ended in any other way, or was not accepted.',
    reasons: {
      Cancelled: 'Somebody cancelled it.',
      JobDeleted: 'The job was deleted by way of the API. It is not submitted again.',
      JobExpired: 'The retention of the job is over.',
      'a code of the catalogue':
        'What most of the failed tasks failed with, such as `RetriesExhausted`: see [errors](errors.md).',
    },
  },
  {
    type: 'Finished',
    meaning: 'Whether the job has ended, whichever way: the one to wait for.',
    reasons: {
      Queued: 'It waits for a worker.',
      Running: 'A worker is at it.',
      Waiting: 'It waits to be tried again.',
      AwaitingReview: 'It waits for the review of a person.',
      Retried: 'It had finished and runs again, as was asked for by way of the API.',
      else: 'As of Complete or Failed.',
    },
  },
];

export const poolConditions: readonly ConditionText[] = [
  {
    type: 'Ready',
    meaning: 'Whether the pool can run tasks.',
    reasons: {
      Available: 'Workers are ready.',
      ScaledToZero: 'There is no worker, and none is needed: autoscaling starts one with the first task.',
      NoReplicas: '`spec.replicas` is 0: tasks stay queued.',
      Starting: 'No worker is ready yet.',
      RolloutStuck: 'Pods do not come up; the message names one and why.',
      PodsRefused: 'The API server takes no more pods: a quota, Pod Security or a webhook.',
      SecretNotFound: 'A Secret that `spec.keys` names does not exist.',
      SecretKeyNotFound: 'The Secret does not have that entry, or it is empty.',
      SecretForbidden: 'The operator may not read the Secret.',
      InvalidSpec: 'The spec is wrong in a way that the API server does not see.',
      InvalidTemplate: 'The API server refuses the workers as `spec.template` makes them.',
      Forbidden: 'The operator may not make the workers.',
      NameTaken: 'A Deployment of the name belongs to somebody else.',
      Replacing: 'The workers of an earlier pool of this name are about to go.',
    },
  },
  {
    type: 'Scaling',
    meaning: 'Whether there are as many workers as the pool asks for: see [autoscaling](autoscaling.md).',
    reasons: {
      Fixed: 'As many as `spec.replicas` says.',
      DesiredWithinRange: 'As many as the queue asks for.',
      ScalingUp: 'More are being started.',
      ScalingDown: 'Idle ones are being stopped.',
      ScaledToZero: 'None, while nothing is queued.',
      BusyPodsKept: 'Fewer are wanted, but all are busy: they stay until they have finished.',
      LimitedByMaximum: 'The queue asks for more than `maxReplicas`.',
      LimitedByKeys: "The keys' limits would leave more workers without work.",
      Paused: 'The pool is paused, so the queue asks for none.',
      QueueUnknown: 'The queue cannot be seen at the moment; the number stays.',
      NotReady: 'Something stands in the way: see Ready.',
    },
  },
  {
    type: 'Paused',
    meaning: 'Whether tasks are held back.',
    reasons: {
      PausedBySpec: '`spec.paused` is set.',
      PausedByApi: 'Paused by way of the API or the command line, and resumed there.',
      NotPaused: 'Workers are given tasks.',
    },
  },
];
