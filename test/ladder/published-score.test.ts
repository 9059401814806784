import { describe, expect, it } from 'vitest'

import { canonicalJson, sha256Hex } from '../../src/format/canonical-json.ts'
import { AgentTrustAnswer } from '../../src/ladder/wire.ts'
import { DEFAULT_TRUST_CONSTANTS as C } from '../../src/trust/default-constants.ts'
import { ask, auditor, caller, gateway, verifier } from '../support/callers.ts'
import { testService } from '../support/test-service.ts'

const own = caller('own', { roles: ['agent'], agent: 'finance-agent' })

describe('a published score', () => {
  it('shows its owner, version, decay, verification, freshness and what follows from it, as the decision then does', async () => {
    const tested = await testService()
    await tested.earn('finance-agent', 'bookkeeping:light', 3)
    const request = ask('finance-agent', 'categorise_expense')
    const { decision_id, outcome } = await tested.service.evaluate(gateway, request)
    await tested.service.reportOutcome(verifier, { decision_id, class: 'validated' })
    const answer = await tested.service.agentTrust(auditor, 'finance-agent')
    expect(AgentTrustAnswer.safeParse(JSON.parse(JSON.stringify(answer))).error).toBeUndefined()
    expect(answer.owner).toBe('carol')
    expect(answer.method).toMatchObject({
      constants: sha256Hex(canonicalJson(C)),
      decay: { half_life_positive_days: 60, half_life_negative_days: 120, freshness: C.freshness },
      verification: { sources: C.source_weights, live_layers: C.live_layers },
      thresholds: C.thresholds,
    })
    const [scope] = answer.scopes
    expect(scope?.follows.verifiers).toEqual({ distinct: 1, names: ['credential:checks'] })
    expect(scope?.follows.concedes.low).toBe(outcome)
    expect(scope?.follows.concedes).toEqual({ ...scope?.follows.by_level[3], level: undefined })
    expect(scope?.follows.by_level.map(({ level, low }) => [level, low])).toEqual([
      [0, 'deny'],
      [1, 'suggest'],
      [2, 'require_approval'],
      [3, 'allow_guarded'],
      [4, 'allow'],
    ])
  })

  it('names no verifier to the agent itself, and no owner where the catalogue has none', async () => {
    const tested = await testService()
    await tested.earn(['finance-agent', 'stranger'], 'bookkeeping:light', 1)
    const { scopes } = await tested.service.agentTrust(own, 'finance-agent')
    expect(scopes[0]?.follows.verifiers).toEqual({ distinct: 0 })
    expect((await tested.service.agentTrust(auditor, 'stranger')).owner).toBeNull()
  })
})
