import { randomBytes } from 'node:crypto'

import { describe, expect, it } from 'vitest'

import type { Caller } from '../../src/access/caller.ts'
import { openStore, proofText } from '../../src/app/compose.ts'
import { policySetPlace } from '../../src/app/policy-sources.ts'
import { loadConfig } from '../../src/config/load-config.ts'
import { uuidv7 } from '../../src/format/uuid.ts'
import type { Request } from '../../src/model/request.ts'
import { assemblePolicySet, readPolicyParts } from '../../src/rego/assemble-policy-set.ts'
import { createClock } from '../../src/service/clock.ts'
import { createService } from '../../src/service/create-service.ts'
import type { Service } from '../../src/service/service.ts'
import { MERGE, READ, writeConfig } from '../e2e/organisation.ts'
import { workplace } from '../e2e/server.ts'
import { readLog, verifyWhole } from './log.ts'

const { place } = workplace()
const HOUR_MS = 3_600_000
const NOON_MS = Date.UTC(2026, 5, 15, 12)

const caller: Caller = {
  tenant: 'default',
  credential: 'test',
  roles: ['enforcement_point', 'verifier', 'operator'],
  human_subject_types: [],
  supported_obligations: ['rollback_handle', 'redact_sensitive'],
  verified_facts: ['checks_passed', 'complexity'],
  trusted_composition: false,
  verifier: 'deterministic',
  layers: [],
}

type World = { readonly service: Service; readonly wall: { ms: number }; readonly monotonic: { ms: number } }

/** The real service on the real store, with both clocks in the test's hand. */
async function world(folder: string, wallMs: number): Promise<World> {
  const loaded = await loadConfig(writeConfig(folder), folder)
  const [wall, monotonic] = [{ ms: wallMs }, { ms: 1_000 }]
  const clock = createClock(
    () => wall.ms,
    () => monotonic.ms,
  )
  const service = await createService({
    store: await openStore(loaded, `${folder}/data`, { warn: () => undefined }),
    clock,
    newId: uuidv7(clock.nowMs, (bytes) => randomBytes(bytes)),
    loadPolicySet: async () => assemblePolicySet(await readPolicyParts(policySetPlace(loaded)), clock.nowMs()),
    observe: () => undefined,
    elapsed: () => monotonic.ms / 1_000,
    mask: true,
    formatProof: proofText,
  })
  return { service, wall, monotonic }
}

const decide = (service: Service, request: typeof MERGE | typeof READ) =>
  service.evaluate(caller, { request: structuredClone<Request>(request), protocol: 'native' })

describe('a wall clock that steps', () => {
  it.each([
    ['forward by a day', 24 * HOUR_MS],
    ['back by an hour', -HOUR_MS],
  ])(
    '%s: decisions go on and time never runs back; evidence and promotions wait until the clock is right',
    async (_what, stepMs) => {
      const folder = place()
      const { service, wall, monotonic } = await world(folder, NOON_MS)
      const before = await decide(service, MERGE)
      wall.ms += stepMs
      const during = await decide(service, READ)
      expect(during).toMatchObject({ recorded: true, decision: true })
      expect(Date.parse(during.decided_at)).toBeGreaterThanOrEqual(Date.parse(before.decided_at))
      const report = { decision_id: before.decision_id, class: 'validated' } as const
      await expect(service.reportOutcome(caller, report)).rejects.toMatchObject({
        code: 'not_ready',
        message: expect.stringContaining('the clock stepped'),
      })
      await expect(service.promote(caller, 'coding-agent', 'source_control:full', {})).rejects.toMatchObject({
        code: 'not_ready',
      })
      expect(await service.promoteDue()).toBe(0)
      wall.ms -= stepMs
      // Right again, and past the latest time that was given out under the step.
      const restMs = Math.max(0, stepMs) + 10
      monotonic.ms += restMs
      wall.ms += restMs
      expect((await service.reportOutcome(caller, report)).counted).toBe(true)
      await service.close()
      verifyWhole(`${folder}/data`)
    },
  )

  it('by less than five seconds is a clock being set right, and changes nothing', async () => {
    const folder = place()
    const { service, wall } = await world(folder, NOON_MS)
    const { decision_id } = await decide(service, MERGE)
    wall.ms -= 4_900
    expect((await service.reportOutcome(caller, { decision_id, class: 'validated' })).counted).toBe(true)
    await service.close()
    verifyWhole(`${folder}/data`)
  })

  it('back while the server was down: the log goes on from its own time, and stays whole', async () => {
    const folder = place()
    const first = await world(folder, NOON_MS)
    await decide(first.service, READ)
    await first.service.close()
    const second = await world(folder, NOON_MS - HOUR_MS)
    expect(await decide(second.service, READ)).toMatchObject({ recorded: true })
    await second.service.close()
    const times = readLog(`${folder}/data`).map(({ record }) => record.at)
    expect(times).toEqual([...times].sort())
    verifyWhole(`${folder}/data`)
  })
})
