// The schemas that the OpenAPI document names, so that generated clients have names too.

import type { z } from 'zod';
import { referenceBody, inputBody, submitBody, taskBody, taskInputBody } from '../../jobs/submit/body.ts';
import { checkBody } from '../../jobs/submit/checkBody.ts';
import { backoffBody, fallbackBody, policyBody } from '../../jobs/submit/policyBody.ts';
import { errorCodeSchema, fieldErrorSchema, problemSchema } from '../problem.ts';
import { checklistSchema, checkSchema } from '../view/checklistSchema.ts';
import * as events from '../view/eventSchemas.ts';
import * as explain from '../view/explainSchemas.ts';
import { artifactLinkSchema, jobLinksSchema } from '../view/linkSchemas.ts';
import { inputReferenceSchema, modelInputSchema, tweakSchema } from '../view/inputSchemas.ts';
import * as pools from '../view/poolSchemas.ts';
import * as views from '../view/schemas.ts';
import { webhookEventSchema, webhookTaskSchema } from './webhooks.ts';
import { estimateSchema, keyCountsSchema, warningSchema } from '../view/warningSchema.ts';

/** The names are those of the TypeScript client. */
export const components: Readonly<Record<string, z.ZodType>> = {
  Problem: problemSchema,
  ErrorCode: errorCodeSchema,
  FieldError: fieldErrorSchema,

  SubmitRequest: submitBody,
  Input: inputBody,
  TaskRequest: taskBody,
  TaskInput: taskInputBody,
  Reference: referenceBody,
  PolicyRequest: policyBody,
  BackoffRequest: backoffBody,
  FallbackRequest: fallbackBody,
  CheckRequest: checkBody,

  State: views.stateSchema,
  Kind: views.kindSchema,
  Priority: views.prioritySchema,
  Job: views.jobSchema,
  ListedJob: views.listedJobSchema,
  SubmittedJob: views.submittedJobSchema,
  JobPage: views.jobListSchema,
  JobProgress: views.progressSchema,
  Task: views.taskSchema,
  TaskError: views.taskErrorSchema,
  ProviderAnswer: views.providerAnswerSchema,
  TaskUsage: views.taskUsageSchema,
  Usage: views.attemptUsageSchema,
  Spent: views.spentSchema,
  Artifact: views.artifactSchema,
  Flag: views.flagSchema,
  WaitingFor: views.waitingForSchema,
  Target: views.targetSchema,
  UsedTarget: views.usedTargetSchema,
  Transition: views.transitionSchema,
  History: views.historySchema,
  ModelInput: modelInputSchema,
  InputReference: inputReferenceSchema,
  Tweak: tweakSchema,
  StoredReference: views.storedReferenceSchema,
  JobLinks: jobLinksSchema,
  ArtifactLink: artifactLinkSchema,

  Warning: warningSchema,
  KeyCounts: keyCountsSchema,
  QueueEstimate: estimateSchema,

  TaskChange: events.taskChangeSchema,
  OpenJobs: events.openJobsSchema,
  PartialText: events.partialTextSchema,
  TaskProgress: events.taskProgressSchema,
  WaitingChange: events.waitingChangeSchema,
  Reset: events.resetSchema,
  JobEvent: events.jobEventSchema,
  JobsEvent: events.jobsEventSchema,

  ExplainedJob: explain.explainedJobSchema,
  ExplainedTask: explain.explainedTaskSchema,
  NextStep: explain.nextStepSchema,
  QueuePlace: explain.queuePlaceSchema,
  RunningWorker: explain.runningWorkerSchema,
  ObservedPool: explain.observedPoolSchema,
  ObservedKey: explain.observedKeySchema,
  StuckList: explain.stuckListSchema,
  StuckTask: explain.stuckTaskSchema,
  Searched: explain.searchedSchema,
  FixedList: explain.fixedListSchema,
  FixedTask: explain.fixedTaskSchema,

  WebhookEvent: webhookEventSchema,
  WebhookTask: webhookTaskSchema,

  Checklist: checklistSchema,
  Check: checkSchema,

  Pool: pools.poolSchema,
  PoolList: pools.poolListSchema,
  PausedPool: pools.pausedPoolSchema,
  PoolKey: pools.poolKeySchema,
  KeyModel: pools.keyModelSchema,
  Outage: pools.outageSchema,
  Spending: pools.spendingSchema,
  PoolTenant: pools.poolTenantSchema,
  LaneCounts: pools.lanesSchema,
  Worker: pools.workerSchema,
  WorkerTask: pools.workerTaskSchema,
  WorkerList: pools.workerListSchema,
};
