import type { Effect } from '../../src/ledger/effect.ts'
import type { ScopeKey } from '../../src/model/scope.ts'
import { EVERY_DOING } from './arbitraries.ts'
import { earned, shippedPolicySet, testService, type TestService, type TestServiceOptions } from './test-service.ts'

/** Levels that agents have in the scopes they work in. */
export type Levels = readonly (readonly [agent: string, scope: ScopeKey, level: number])[]

/** Agents of every standing: autonomous, conditional, to be approved, suggesting, new. */
export const MIXED: Levels = [
  ['finance-agent', 'bookkeeping:light', 4],
  ['finance-agent', 'bookkeeping:full', 3],
  ['finance-agent', 'payments:full', 4],
  ['coding-agent', 'source_control:full', 4],
  ['coding-agent', 'source_control:light', 3],
  ['coding-agent', 'file_operations:full', 4],
  ['support-agent', 'crm:full', 4],
  ['support-agent', 'crm:light', 3],
  ['support-agent', 'email:full', 3],
  ['research-agent', 'research:light', 1],
  ['operations-agent', 'delivery:full', 2],
  ['operations-agent', 'delivery:light', 4],
  ['operations-agent', 'system:full', 4],
  ['stranger', 'monitoring:light', 4],
]

/** Brings all agents to their levels, side by side, so that everybody's evidence is fresh. */
export async function raise(tested: TestService, levels: Levels, tenant = 'default'): Promise<void> {
  const highest = Math.max(0, ...levels.map(([, , level]) => level))
  for (let to = 1; to <= highest; to += 1) {
    tested.clock.advance([0, 0, 1, 7, 30][to]! * 86_400_000)
    for (const [agent, scope, level] of levels) {
      const units = [0, 12, 40, 150, 1_200][to]!
      await tested.write(earned(agent, scope, level >= to ? units : 12, tested.clock.nowMs()), tenant)
      const promotion: Effect = { kind: 'promote', agent, scope, level: to as 1 | 2 | 3 | 4, human: true }
      if (level >= to) await tested.write([promotion], tenant)
    }
  }
}

/** A service whose agents stand at these levels. */
export async function worldOf(levels: Levels = MIXED, options: TestServiceOptions = {}): Promise<TestService> {
  const tested = await testService(options)
  await raise(tested, levels)
  return tested
}

/** Scopes in which the agents of the examples ask for something. */
export async function scopesAskedFor(): Promise<Levels> {
  const { catalogue } = await shippedPolicySet()
  const context = { supportedObligations: [], jurisdiction: null, nowMs: 0 }
  const named = EVERY_DOING.map(({ agent, action }) => {
    const { scope, stake } = catalogue.classify(action, { ...context, agentId: agent })
    return [agent, `${scope}:${stake}`] as const
  })
  return [...new Map(named.map(([agent, scope]) => [`${agent} ${scope}`, [agent, scope, 4] as const])).values()]
}
