import { rmSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'

import type { RunningServer, ServeOptions } from '../cli/deps.ts'
import { watchFiles } from '../cli/watch-files.ts'
import { type ConfigFile, loadConfig, PACKAGE_ROOT } from '../config/load-config.ts'
import { createEventStreams } from '../events/event-streams.ts'
import { errorLine } from '../format/error.ts'
import { DAY_MS, SECOND_MS } from '../format/time.ts'
import { type LogEntry, loudObserver } from '../http/log.ts'
import { createMetrics } from '../http/metrics.ts'
import { createHttpServer } from '../http/server.ts'
import { createIdentity } from '../identity/identity.ts'
import type { Store } from '../ledger/store.ts'
import { openMonitor } from '../monitoring/monitor.ts'
import { noStateFile, stateFile } from '../monitoring/state-file.ts'
import { tailAppends } from '../monitoring/tail.ts'
import type { LoadPolicySet } from '../policy/policy-set.ts'
import { systemCaller } from '../service/create-service.ts'
import type { Service } from '../service/service.ts'
import { watchAppends } from '../webhooks/appends.ts'
import { readEvents } from '../webhooks/feed.ts'
import { followWebhooks } from '../webhooks/follow-webhooks.ts'
import { dataDirOf, openService, openStore, externalClassifiers, systemClock } from './compose.ts'
import { demoHistoryFile, liveThrough, withDemoDetectors } from './demo.ts'
import { modeKeyOf, OPERATOR_TOKEN_FILE, operatorCredential } from './operator-token.ts'
import { bundledPolicySet, cachedPolicySet } from './policy-sources.ts'
import { policyWarnings } from './policy-warnings.ts'

/** The demonstration's past begins at most this long ago, ms. */
const PAST_MS_MAX = 366 * DAY_MS

/** How often the log is told which approvals ran out of time. */
const EXPIRE_INTERVAL_SECONDS = 5

/** How often decisions that nobody verified in time are charged, of agents for which nothing else is written. */
const COVERAGE_INTERVAL_SECONDS = 600

/** How often it is looked whether a review of the log is overdue. */
const REVIEW_INTERVAL_SECONDS = 60

/** What the process around the server gives. */
export type ServeProcess = {
  readonly cwd: string
  readonly version: string
  readonly log: (entry: LogEntry) => void
  readonly warn: (line: string) => void
}

/** Starts the server: store, service, promotions, HTTP. Rejects with a `ServiceError` that says what to mend. */
export async function startServer(options: ServeOptions, around: ServeProcess): Promise<RunningServer> {
  const loaded = withOptions(await loadConfig(options.configFile, around.cwd), options, around)
  const { config } = loaded
  const durable = config.store.engine === 'sqlite'
  const dataDir = dataDirOf(loaded)
  const clock = systemClock()
  const metrics = createMetrics()
  const loud = loudObserver(around.log)
  const appends = watchAppends(await openStore(loaded, dataDir, around.warn))
  const tail = tailAppends(appends.store, config.monitoring.rules)
  const { store } = tail
  try {
    const operator = durable ? operatorCredential(dataDir) : undefined
    // Settings that decisions depend on are read anew with the policies; where to listen and who may call hold until a restart.
    // With --watch the Rego itself is watched, so it is compiled as it stands instead of taking the committed bundles.
    const loadPolicySet: LoadPolicySet = async () => {
      const fresh = await loadConfig(options.configFile, around.cwd)
      return (options.watch ? cachedPolicySet : bundledPolicySet)(fresh, clock.nowMs(), around.warn)
    }
    const lived = options.demo && store.size() === 0 ? await livePast(loaded, store, clock.nowMs()) : 0
    const real = await openService(loaded, store, {
      clock,
      observe: (observation) => {
        metrics.observer(observation)
        loud(observation)
      },
      loadPolicySet,
      outside: externalClassifiers(loaded, around.warn),
      ...(durable ? { modeKey: modeKeyOf(dataDir) } : {}),
    })
    const service = options.demo ? withDemoDetectors(real) : real
    const inForce = { ...real.policySet(), watch: options.watch }
    for (const line of await policyWarnings(loaded, inForce)) around.warn(line)
    const identity = await createIdentity(config.identity, {
      nowMs: clock.nowMs,
      steadyMs: () => performance.now(),
      warn: around.warn,
      credentialIds: config.credentials.map(({ id }) => id),
      asksForCertificates: config.http.tls?.client_ca !== undefined,
    })
    const http = createHttpServer({
      service,
      identity,
      config: config.http,
      credentials: operator === undefined ? config.credentials : [...config.credentials, operator.credential],
      entrypoints: config.entrypoints,
      mapping: config.base.mapping,
      metrics,
      events: createEventStreams({ size: store.size, read: (from) => readEvents(store, appends, from) }),
      version: around.version,
      log: around.log,
      nowMs: clock.nowMs,
    })
    const webhooks = await followWebhooks({
      store,
      appends,
      webhooks: config.webhooks,
      dataDir: durable ? dataDir : null,
      root: loaded.root,
      nowMs: clock.nowMs,
      observe: metrics.observer,
      warn: around.warn,
    })
    const monitor = await openMonitor({
      tail,
      rules: config.monitoring.rules,
      file: durable ? stateFile(dataDir, around.warn) : noStateFile(),
      raise: real.raiseAlert,
      nowMs: clock.nowMs,
      observe: metrics.observer,
      warn: around.warn,
    })
    const { url } = await http.listen()
    webhooks.start()
    monitor.start()
    const stopPromoting = everySeconds(config.trust.promotion_interval_seconds, 'promotions', real.promoteDue, around.warn)
    const stopExpiring = everySeconds(EXPIRE_INTERVAL_SECONDS, 'approvals', real.expireApprovals, around.warn)
    const stopCharging = everySeconds(COVERAGE_INTERVAL_SECONDS, 'coverage', real.chargeMissed, around.warn)
    const checkReviews = real.alertOverdueReviews
    const stopReviewing = everySeconds(REVIEW_INTERVAL_SECONDS, 'log reviews', checkReviews, around.warn)
    void checkReviews().catch((error: unknown) => around.warn(`log reviews: ${errorLine(error)}`))
    const reload = async (): Promise<string> => (await real.reloadPolicies(systemCaller('default'))).digest
    const stopWatching = options.watch ? watchPolicies(loaded, reload, around.warn) : () => undefined
    const serverFile = join(dataDir, 'server.json')
    if (durable) writeFileSync(serverFile, `${JSON.stringify({ url, pid: process.pid, token_file: operator?.file })}\n`)
    return {
      url,
      dataDir: durable ? dataDir : null,
      notes: notesOf(real, {
        url,
        dataDir: relative(around.cwd, dataDir) || '.',
        tokenFile: operator?.file,
        lived,
        demo: options.demo,
      }),
      reload,
      close: async () => {
        stopWatching()
        stopPromoting()
        stopExpiring()
        stopCharging()
        stopReviewing()
        await http.close()
        await monitor.stop()
        await webhooks.stop()
        if (durable) rmSync(serverFile, { force: true })
        await real.close()
      },
    }
  } catch (error) {
    await store.close()
    throw error
  }
}

function withOptions(loaded: ConfigFile, options: ServeOptions, around: ServeProcess): ConfigFile {
  const { config } = loaded
  return {
    ...loaded,
    config: {
      ...config,
      http: { ...config.http, ...(options.listen === undefined ? {} : { listen: options.listen }) },
      store: {
        engine: options.store ?? config.store.engine,
        data_dir: options.dataDir === undefined ? config.store.data_dir : resolve(around.cwd, options.dataDir),
      },
    },
  }
}

/** The example organisation's past, lived by the service itself on a clock of its own. */
async function livePast(loaded: ConfigFile, store: Store, endMs: number): Promise<number> {
  let nowMs = endMs - PAST_MS_MAX
  const past = await openService(loaded, unclosable(store), { clock: { nowMs: () => nowMs, steady: () => true } })
  try {
    return await liveThrough(past, demoHistoryFile(PACKAGE_ROOT), endMs, (ms) => (nowMs = ms))
  } finally {
    await past.close()
  }
}

/** The store as a service sees it that does not own it. */
function unclosable(store: Store): Store {
  return { ...store, close: () => Promise.resolve() }
}

/** Does something again and again, one after the other; 0 seconds: never. Gives back what stops it. */
function everySeconds(seconds: number, name: string, perform: () => Promise<number>, warn: (line: string) => void): () => void {
  if (seconds === 0) return () => undefined
  let running = false
  const timer = setInterval(() => {
    if (running) return
    running = true
    perform()
      .catch((error: unknown) => warn(`${name}: ${errorLine(error)}`))
      .finally(() => (running = false))
  }, seconds * SECOND_MS)
  timer.unref()
  return () => clearInterval(timer)
}

/** Loads the policies again, one load after the other, shortly after a file of them or the configuration changed. */
function watchPolicies(
  { config, root, file }: ConfigFile,
  reload: () => Promise<string>,
  warn: (line: string) => void,
): () => void {
  const { bundle } = config.base
  const paths = [resolve(root, config.policies), file, ...(bundle === undefined ? [] : [resolve(root, bundle)])]
  let last = Promise.resolve()
  return watchFiles(paths, () => {
    last = last.then(reload).then(
      (digest) => warn(`policy set ${digest.slice(0, 12)} is in force`),
      (error: unknown) => warn(`the changed policies are not in force, the last good ones are: ${errorLine(error)}`),
    )
  })
}

type Noted = {
  readonly url: string
  /** Relative to the working directory. */
  readonly dataDir: string
  readonly tokenFile: string | undefined
  readonly lived: number
  readonly demo: boolean
}

function notesOf(service: Service, { url, dataDir, tokenFile, lived, demo }: Noted): readonly string[] {
  const { digest, tools, agents } = service.policySet()
  return [
    `policy set ${digest.slice(0, 12)}: ${tools} tools, ${agents} agents`,
    ...(lived > 0 ? [`lived through ${lived} decisions of the example organisation`] : []),
    ...(tokenFile === undefined ? [] : [`data in ${dataDir}, operator token in ${join(dataDir, OPERATOR_TOKEN_FILE)}`]),
    ...(demo && tokenFile !== undefined
      ? ['try, one after the other, and then the second once more:', ...commandsToTry(url, dataDir)]
      : []),
  ]
}

/** A decision that is refused, one that is allowed, and a report that changes the next one. */
function commandsToTry(url: string, dataDir: string): readonly string[] {
  const ask = `curl -s ${url.replace(/^http:\/\//u, '')}/api/v1`
  const json = '-H content-type:application/json'
  const wire = `{"subject":{"type":"agent","id":"finance-agent"},"action":{"name":"wire_transfer","properties":{"arguments":{"amount":900}}},"resource":{"type":"account","id":"operations"}}`
  const merge = `{"subject":{"type":"agent","id":"coding-agent"},"action":{"name":"merge_pr"},"resource":{"type":"pull_request","id":"acme/web/7"},"context":{"environment":"production","facts":{"checks_passed":true,"complexity":2}}}`
  const kept = `${dataDir}/allowed.json`
  return [
    `${ask}/decisions ${json} -d '${wire}'`,
    `${ask}/decisions ${json} -d '${merge}' | tee ${kept}`,
    `${ask}/outcomes -H "authorization: Bearer $(cat ${dataDir}/operator.token)" ${json} -d '{"class":"harmful",'"$(grep -o '"decision_id":"[^"]*"' ${kept})"'}'`,
  ]
}
