// The API as a Fastify app. It does not listen itself, so that tests can inject requests.

import Fastify, { LogController } from 'fastify';
import { logEvent } from '../job/logEvents/index.ts';
import { authenticate } from './auth/authenticate.ts';
import { answerErrors, asGenwardenError, sendProblem } from './errorHandler.ts';
import { RecentEntries } from '../jobs/events/recentEntries.ts';
import { AttemptDurations, followAttempts } from '../readmodel/attemptDurations.ts';
import { LastClaims } from '../readmodel/lastClaims.ts';
import type { EndedTask } from '../jobs/context.ts';
import { OverdueTally } from '../jobs/overdueTally.ts';
import { JobWatch } from '../jobs/wait.ts';
import { WaitObserver } from '../jobs/waitObserver.ts';
import { allowedMethods } from './allowedMethods.ts';
import { bodyLimit } from './bodyForm.ts';
import { boundBodies } from './bodyRoom.ts';
import { acceptJson } from './jsonBody.ts';
import { allowOrigins } from './cors.ts';
import { consoleRoutes } from './console/index.ts';
import { documentApi } from './openapi/index.ts';
import { apiPages } from './openapi/pages.ts';
import type { Api, ApiContext, ApiOptions, ZodTypes } from './options.ts';
import { beginAtZero, measureRequests, watchAuthSources, watchOverdue } from './metrics.ts';
import { activityRoute } from './routes/activityRoute.ts';
import { artifactRoutes } from './routes/artifacts/artifactRoutes.ts';
import { inputRoutes } from './routes/artifacts/inputRoutes.ts';
import { changeRoutes } from './routes/changeRoutes.ts';
import { doctorRoute } from './routes/doctorRoute.ts';
import { eventRoutes } from './routes/eventRoutes.ts';
import { explainRoute } from './routes/explainRoute.ts';
import { healthRoutes } from './routes/healthRoutes.ts';
import { jobRoutes } from './routes/jobRoutes.ts';
import { linkRoutes } from './routes/linkRoutes.ts';
import { listRoute } from './routes/listRoute.ts';
import { poolRoutes } from './routes/poolRoutes.ts';
import { settingsRoute } from './routes/settingsRoute.ts';
import { stuckRoutes } from './routes/stuckRoutes.ts';
import { submitRoute } from './routes/submitRoute.ts';
import { webhookRoutes } from './routes/webhookRoutes.ts';
import { workerRoutes } from './routes/workerRoutes.ts';
import { answerOptions, checkForm } from './requestForm.ts';
import { pathOfTarget } from './targets.ts';
import { RefusedOrigins } from './refusedOrigins.ts';
import { traceRequests } from './requestTrace.ts';
import { refuseUnknownQueries, serializerCompiler, validatorCompiler } from './validation.ts';
import { WorkerDirectory } from '../readmodel/workerDirectory.ts';
import { logEndedTask } from '../job/logEvents/taskEvents.ts';

export type { Api, ApiOptions } from './options.ts';

/** The API, not listening yet. `close()` ends every wait and stops observing heartbeats; the caller still owns the ports. */
export function buildApi(options: ApiOptions): Api {
  const closing = new AbortController();
  const context = contextOf(options, closing.signal);
  const app = newApp(options);
  const allowed = allowedMethods(app);
  answerErrors(app, allowed);
  refuseUnknownQueries(app);
  acceptJson(app);
  traceRequests(app, options);
  measureRequests(app, context);
  answerOptions(app, allowed);
  allowOrigins(app, options, context.refusedOrigins);
  checkForm(app, allowed);
  const signIns = authenticate(app, context);
  boundBodies(app, context);
  app.register(async (scope: Api) => {
    documentApi(scope, options);
    apiPages(scope, options);
    consoleRoutes(scope, context, signIns);
    for (const routes of [
      healthRoutes,
      submitRoute,
      listRoute,
      jobRoutes,
      changeRoutes,
      artifactRoutes,
      inputRoutes,
      workerRoutes,
      poolRoutes,
      explainRoute,
      stuckRoutes,
      eventRoutes,
      linkRoutes,
      doctorRoute,
      activityRoute,
      settingsRoute,
      webhookRoutes,
    ]) {
      routes(scope, context);
    }
  });
  ownLifetimes(app, context, closing);
  return app;
}

/** Workers that are lost are shown for this long, ms. */
const goneShownForMs = 60_000;

function contextOf(options: ApiOptions, closing: AbortSignal): ApiContext {
  const timeoutMs = options.heartbeatTimeoutMs ?? 6_000;
  const workers = new WorkerDirectory(options.clock, { timeoutMs, forgetAfterMs: timeoutMs + goneShownForMs });
  const { follower } = options;
  const recent = new RecentEntries(follower, options.events?.recent);
  const onTaskEnded = (ended: EndedTask): void => logEndedTask(options.logger, ended);
  const lastClaims = new LastClaims(follower);
  const attemptDurations = new AttemptDurations();
  closing.addEventListener('abort', followAttempts(attemptDurations, follower), { once: true });
  const refusedOrigins = new RefusedOrigins(() => options.clock.now());
  const overdue = new OverdueTally(options);
  const known = { ...options, workers, lastClaims, attemptDurations, overdue, refusedOrigins };
  return { ...known, watch: new JobWatch(follower), waits: new WaitObserver(known), recent, onTaskEnded, closing };
}

function newApp({ logger, random }: ApiOptions): Api {
  const app = Fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    // Requests that arrive while the API closes are still answered: their clients could not know that it is closing.
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => void sendProblem(asGenwardenError(error), request, reply),
    bodyLimit,
    // Idle keep-alive connections must not delay the shutdown.
    forceCloseConnections: 'idle',
    genReqId: ({ headers }) => requestId(headers['x-request-id']) ?? Buffer.from(random(9)).toString('base64url'),
    rewriteUrl: pathOfTarget,
    // Longer than any request line, so that a long id is one that does not exist.
    routerOptions: { maxParamLength: 20_000 },
  }).withTypeProvider<ZodTypes>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.addHook('onRequest', async (request, reply) => void reply.header('x-request-id', request.id));
  return app;
}

function requestId(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' && /^[\w.:-]{1,128}$/.test(header) ? header : undefined;
}

function ownLifetimes(app: Api, context: ApiContext, closing: AbortController): void {
  let watching = Promise.resolve();
  let stopGauges: (() => void)[] = [];
  app.addHook('onReady', async () => {
    watching = context.workers.watch(context.heartbeats, closing.signal).catch((error: unknown) => {
      if (closing.signal.aborted) return;
      logEvent(context.logger, 'heartbeats_unavailable', { err: error }, 'Stopped receiving heartbeats');
    });
    beginAtZero(context.metrics);
    stopGauges = [watchOverdue(context), watchAuthSources(context)];
  });
  app.addHook('preClose', async () => closing.abort());
  app.addHook('onClose', async () => {
    for (const stop of stopGauges) stop();
    context.watch.close();
    context.lastClaims.close();
    context.recent.close();
    await watching;
  });
}
