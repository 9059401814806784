// What one decision costs in process, step by step, without HTTP: median microseconds of calls one after the other.
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { openStore, proofText, systemClock } from '../../src/app/compose.ts'
import { loadConfig, PACKAGE_ROOT } from '../../src/config/load-config.ts'
import { canonicalJson } from '../../src/format/canonical-json.ts'
import { requestDigest } from '../../src/decisions/request-digest.ts'
import { parseStrictJson } from '../../src/format/strict-json.ts'
import { Request } from '../../src/model/request.ts'
import { uuidv7 } from '../../src/format/uuid.ts'
import { policySetPlace } from '../../src/app/policy-sources.ts'
import { assemblePolicySet } from '../../src/rego/assemble-policy-set.ts'
import { readPolicyParts } from '../../src/rego/policy-parts.ts'
import { createService } from '../../src/service/create-service.ts'
import { gatherFacts } from '../../src/decisions/facts.ts'
import { requestContext } from '../../src/decisions/request-context.ts'
import { requestOf } from '../support/arbitraries.ts'

const CALLER = {
  tenant: 'default',
  credential: 'bench',
  roles: ['enforcement_point'],
  human_subject_types: [],
  supported_obligations: [],
  verified_facts: [],
  trusted_composition: false,
  layers: [],
}
const microseconds = () => performance.now() * 1_000
const median = (numbers) => [...numbers].sort((left, right) => left - right)[numbers.length >> 1]

async function world(engine, folder) {
  const file = await loadConfig(join(PACKAGE_ROOT, 'gradus.yaml'), folder)
  const loaded = { ...file, config: { ...file.config, store: { engine, data_dir: folder } } }
  const clock = systemClock()
  const spent = {}
  const policySet = await assemblePolicySet(await readPolicyParts(policySetPlace(loaded)), clock.nowMs())
  const store = await openStore(loaded, join(folder, engine), () => undefined)
  const service = await createService({
    store,
    clock,
    newId: uuidv7(clock.nowMs, (bytes) => randomBytes(bytes)),
    loadPolicySet: async () => policySet,
    observe: (event) => {
      if (event.kind === 'step') (spent[event.step] ??= []).push(event.seconds * 1e6)
    },
    elapsed: () => performance.now() / 1_000,
    mask: true,
    formatProof: proofText,
  })
  return { service, store, policySet, spent, clock }
}

const contextSources = (request, { policySet, clock }) => ({ request, caller: CALLER, policySet, atMs: clock.nowMs() })

async function timed(count, work) {
  const spent = []
  for (let turn = 0; turn < count; turn += 1) {
    const start = microseconds()
    await work()
    spent.push(microseconds() - start)
  }
  return median(spent)
}

/** Medians by step, in microseconds, for a request of so many bytes. */
export async function measureSteps(bytes, count) {
  const folder = mkdtempSync(join(tmpdir(), 'gradus-bench-'))
  try {
    const request = requestOf(bytes)
    const body = Buffer.from(JSON.stringify(request))
    const memory = await world('memory', folder)
    const ask = () => memory.service.evaluate(CALLER, { request, protocol: 'native' })
    await timed(count, ask)
    for (const step of Object.values(memory.spent)) step.length = 0
    const whole = await timed(count, ask)
    const { risk, base, graduation, decide, record } = Object.fromEntries(
      Object.entries(memory.spent).map(([step, each]) => [step, median(each)]),
    )
    const facts = await timed(count, () =>
      memory.store.read([], (view) => gatherFacts(requestContext(contextSources(request, memory)), view)),
    )
    const parse = await timed(count, () => Request.parse(parseStrictJson(body).value))
    const digest = await timed(count, () => requestDigest(request, 'default'))
    const answer = await ask()
    const [stored] = await memory.store.query({ newestFirst: true, limit: 1 })
    await memory.service.close()

    const durable = await world('sqlite', folder)
    const decideOnce = () => durable.service.evaluate(CALLER, { request, protocol: 'native' })
    await timed(count >> 2, decideOnce)
    for (const step of Object.values(durable.spent)) step.length = 0
    await timed(count >> 2, decideOnce)
    const commit = median(durable.spent.record)
    const start = microseconds()
    await Promise.all(
      Array.from({ length: 32 }, async () => {
        for (let turn = 0; turn < count / 32; turn += 1) await decideOnce()
      }),
    )
    const each = (microseconds() - start) / count
    await durable.service.close()
    return {
      steps: {
        'parse and check the request': parse,
        'request digest': digest,
        facts,
        risk,
        base,
        graduation,
        decide,
        'record, in memory': record,
        'whole decision, in memory': whole,
        'record, durable, alone': commit,
        'whole decision, durable, 32 at a time': each,
      },
      answerBytes: Buffer.byteLength(JSON.stringify(answer)),
      record: stored.record,
      recordBytes: Buffer.byteLength(canonicalJson(stored.record)),
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
