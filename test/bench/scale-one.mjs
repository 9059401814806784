// One process of the scale bench: opens a store of so many agents, says how long that took and what it holds in memory, then decides,
// writes evidence and reads trust, each for agents drawn at random. Prints one line of JSON.
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

import { openStore, proofText, systemClock } from '../../src/app/compose.ts'
import { loadConfig, PACKAGE_ROOT } from '../../src/config/load-config.ts'
import { uuidv7 } from '../../src/format/uuid.ts'
import { policySetPlace } from '../../src/app/policy-sources.ts'
import { assemblePolicySet } from '../../src/rego/assemble-policy-set.ts'
import { readPolicyParts } from '../../src/rego/policy-parts.ts'
import { createService } from '../../src/service/create-service.ts'
import { gatherFacts } from '../../src/decisions/facts.ts'
import { requestContext } from '../../src/decisions/request-context.ts'
import { agentName, CALLER } from './scale.mjs'

const { dataDir, agents, calls } = JSON.parse(process.argv[2])
const CONCURRENT = 32
/** At least as many as the store keeps in memory. */
const KEPT_MAX = 65_536
const median = (numbers) => [...numbers].sort((left, right) => left - right)[numbers.length >> 1]
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')
/** Bytes of live objects, and of the whole process. */
function memory() {
  collect()
  const { heapUsed, rss } = process.memoryUsage()
  return { heapUsed, rss }
}

/** Numbers below `agents`, the same in every run. */
function draws() {
  let state = 20_261_120
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * agents)
  }
}

async function timed(count, work) {
  const spent = []
  for (let turn = 0; turn < count; turn += 1) {
    const startMs = performance.now()
    await work(turn)
    spent.push((performance.now() - startMs) * 1_000)
  }
  return median(spent)
}

/** Microseconds each, so many at a time. */
async function together(count, work) {
  const startMs = performance.now()
  await Promise.all(
    Array.from({ length: CONCURRENT }, async (_, lane) => {
      for (let turn = lane; turn < count; turn += CONCURRENT) await work(turn)
    }),
  )
  return ((performance.now() - startMs) * 1_000) / count
}

const file = await loadConfig(join(PACKAGE_ROOT, 'gradus.yaml'), dataDir)
const loaded = { ...file, config: { ...file.config, store: { ...file.config.store, engine: 'sqlite', data_dir: dataDir } } }
const clock = systemClock()
const assembled = await assemblePolicySet(await readPolicyParts(policySetPlace(loaded)), clock.nowMs())
// Every one of the agents is known to the catalogue and may do what the coding agent may.
const known = assembled.catalogue.agent('coding-agent')
const asKnown = (input) => ({ ...input, subject: { ...input.subject, id: 'coding-agent' } })
const policySet = {
  ...assembled,
  base: {
    digest: assembled.base.digest,
    entrypoints: assembled.base.entrypoints,
    evaluate: (entrypoint, input) => assembled.base.evaluate(entrypoint, asKnown(input)),
    close: () => assembled.base.close(),
  },
  catalogue: { ...assembled.catalogue, agent: (id) => ({ ...known, id }) },
}
const before = memory()
const startMs = performance.now()
const store = await openStore(loaded, dataDir, () => undefined)
const startSeconds = (performance.now() - startMs) / 1_000
const started = memory()
// As many agents as the store keeps, so that what one costs in memory can be told.
const kept = Math.min(agents, KEPT_MAX)
for (let agent = 0; agent < kept; agent += 1)
  await store.read([], (view) => view.document({ kind: 'agent', tenant: 'default', id: agentName(agent) }))
const held = memory()
const service = await createService({
  store,
  clock,
  newId: uuidv7(clock.nowMs, (bytes) => randomBytes(bytes)),
  loadPolicySet: async () => policySet,
  observe: () => undefined,
  elapsed: () => performance.now() / 1_000,
  mask: true,
  formatProof: proofText,
})
const draw = draws()
const requestOf = (agent) => ({
  subject: { type: 'agent', id: agentName(agent) },
  action: { name: 'read_file', properties: { arguments: { path: 'workspace/readme.md' } } },
  resource: { type: 'file', id: 'workspace/readme.md', properties: { classification: 'internal' } },
})
const ask = (agent) => service.evaluate(CALLER, { request: requestOf(agent), protocol: 'native' })

await together(calls, () => ask(draw()))
const facts = await timed(calls, () => {
  const request = requestOf(draw())
  return store.read([], (view) =>
    gatherFacts(requestContext({ request: request, caller: CALLER, policySet: policySet, atMs: clock.nowMs() }), view),
  )
})
const decided = []
const decision = await timed(calls >> 2, async () => void decided.push((await ask(draw())).decision_id))
const decisionTogether = await together(calls, async () => void decided.push((await ask(draw())).decision_id))
const report = () => service.reportOutcome(CALLER, { decision_id: decided.pop(), class: 'validated' })
const evidence = await timed(calls >> 2, report)
const evidenceTogether = await together(calls - CONCURRENT, report)
const read = await timed(calls, () => service.agentTrust(CALLER, agentName(draw())))
await service.close()
console.log(
  JSON.stringify({
    startSeconds,
    startedBytes: started.heapUsed - before.heapUsed,
    keptBytes: held.heapUsed - started.heapUsed,
    kept,
    rssBytes: held.rss,
    facts,
    decision,
    decisionTogether,
    evidence,
    evidenceTogether,
    read,
  }),
)
