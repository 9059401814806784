import { rmSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'

import type { RunningServer, ServeOptions } from '../cli/support/deps.ts'
import { watchFiles } from '../cli/support/watch-files.ts'
import { type ConfigFile, loadConfig, requireConfiguration } from '../config/load-config.ts'
import { errorLine } from '../format/error.ts'
import { systemCaller } from '../service/create-service.ts'
import type { CheckpointSender } from '../witness/send-checkpoints.ts'
import { operatorCredential } from './data-dir-secrets.ts'
import { liveDemoPast, withDemoDetectors } from './demo.ts'
import { type PeriodicTasks, startPeriodicTasks } from './periodic-tasks.ts'
import { policyWarnings } from './policy-warnings.ts'
import { servedPolicies } from './served-policies.ts'
import { serveNotes } from './serve-notes.ts'
import {
  createServerHttp,
  createServerSender,
  openServerBase,
  openServerMonitor,
  openServerService,
  openServerWebhooks,
  type ServeProcess,
  type ServerBase,
  retentionOf,
} from './server-parts.ts'

/** Starts the server: store, service, promotions, HTTP. Rejects with a `ServiceError` that says what to mend. */
export async function startServer(options: ServeOptions, around: ServeProcess): Promise<RunningServer> {
  if (options.configFile === undefined && !options.demo) requireConfiguration(around.cwd)
  const loaded = withOptions(await loadConfig(options.configFile, around.cwd), options, around)
  const base = await openServerBase(loaded, options, around)
  try {
    return await startOn(base)
  } catch (error) {
    await base.store.close()
    throw error
  }
}

async function startOn(base: ServerBase): Promise<RunningServer> {
  const { options, around, loaded, dataDir, durable, store } = base
  const { demo, watch } = options
  const policies = policiesOf(base)
  const operator = durable ? operatorCredential(dataDir) : undefined
  const demoDecisions = demo && store.size() === 0 ? await liveDemoPast(loaded, store, base.clock.nowMs()) : 0
  const service = await openServerService(base, policies.load)
  const policySet = service.policySet()
  for (const line of policyWarnings(loaded, policySet)) around.warn(line)
  const sender = createServerSender(base)
  const http = await createServerHttp(base, demo ? withDemoDetectors(service) : service, {
    operator: operator?.credential,
    warnings: () => [...policies.warnings(), ...sender.warnings()],
  })
  const webhooks = await openServerWebhooks(base)
  const monitor = await openServerMonitor(base, service)
  const { url } = await http.listen()
  webhooks.start()
  monitor.start()
  const stopTasks = startTasks(base, service, sender)
  const reload = async (): Promise<string> => (await service.reloadPolicies(systemCaller('default'))).digest
  const stopWatching = watch ? watchPolicies(loaded, reload, around.warn) : () => undefined
  const withdrawAddress = durable ? publishAddress(dataDir, url, operator?.file) : () => undefined
  const shown = { url, anonymous: loaded.config.http.anonymous, dataDir: relative(around.cwd, dataDir) || '.' }
  return {
    url,
    dataDir: durable ? dataDir : null,
    notes: serveNotes({ ...shown, policySet: service.policySet(), tokenFile: operator?.file, demoDecisions, demo }),
    reload,
    close: closing([
      stopWatching,
      stopTasks,
      () => http.close(),
      () => monitor.stop(),
      () => webhooks.stop(),
      withdrawAddress,
      () => service.close(),
    ]),
  }
}

/** What the server does by itself; gives back what stops it. */
function startTasks(base: ServerBase, service: PeriodicTasks['service'], sender: CheckpointSender): () => void {
  const { around, loaded } = base
  const stop = startPeriodicTasks({
    service,
    promotionIntervalSeconds: loaded.config.trust.promotion_interval_seconds,
    retain: retentionOf(base),
    sendCheckpoints: { seconds: loaded.config.audit.checkpoint_send_seconds, perform: sender.send },
    warn: around.warn,
  })
  return () => {
    stop()
    sender.stop()
  }
}

function policiesOf({ options, around, loaded, clock }: ServerBase): ReturnType<typeof servedPolicies> {
  return servedPolicies({
    // Settings that decisions depend on are read anew with the policies, from the same file; where to listen and who may call hold until a restart.
    fresh: () => loadConfig(loaded.file, around.cwd),
    watch: options.watch,
    allowStale: options.allowStale === true,
    nowMs: clock.nowMs,
    warn: around.warn,
  })
}

/** The server's end: nothing is taken any more, what is under way is finished, the store is closed. */
function closing(stops: readonly (() => void | Promise<void>)[]): () => Promise<void> {
  return async () => {
    for (const stop of stops) await stop()
  }
}

/** The configuration with what the command line says instead. */
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

/** Writes where the server is, for the command line; gives back what takes it away. */
function publishAddress(dataDir: string, url: string, tokenFile: string | undefined): () => void {
  const file = join(dataDir, 'server.json')
  writeFileSync(file, `${JSON.stringify({ url, pid: process.pid, token_file: tokenFile })}\n`)
  return () => rmSync(file, { force: true })
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
