import type { Effect } from '../../src/ledger/effect.ts'
import type { Projector } from '../../src/ledger/projector.ts'
import type { AuditRecord } from '../../src/ledger/record.ts'

/** A valid record; the counter in the id keeps ids rising. */
export function record(number: number, more: Partial<AuditRecord> = {}): AuditRecord {
  const id = `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`
  return {
    v: 1,
    kind: 'decision',
    id,
    tenant: 'default',
    at: new Date(1_700_000_000_000 + number).toISOString(),
    agent: 'support-agent',
    user: null,
    action: 'tickets.update',
    outcome: 'allow',
    decision_id: id,
    actor: 'anonymous',
    body: { request: { subject: { type: 'agent', id: 'support-agent' }, context: { customer: 'Ada Example', number } } },
    effects: [],
    ...more,
  }
}

/** An effect that puts a containment into the tenant's document. */
export function contain(id: string): Effect {
  return { kind: 'contain', containment: { id, target: { kind: 'tenant' }, by: 'person', reason: 'test', at_ms: 1 } }
}

/** An effect that leaves a verdicts document behind. */
export function verdict(decisionId: string, source = 'ci'): Effect {
  return {
    kind: 'verdict',
    decision_id: decisionId,
    layer: 'outcome',
    source,
    class: 'success',
    event_time_ms: 1,
    positive: 1,
    negative: 0,
    factual: true,
    self_flagged: false,
  }
}

/** The tenant's own document. */
export const tenantKey = (tenant = 'default') => ({ kind: 'tenant', tenant, id: '' }) as const

/** A small projector: contain, lift and verdict effects only; an agent called `trap` makes it throw. */
export const projectSome: Projector = (effects, _nowMs, tenant, state) => {
  for (const effect of effects) {
    if (effect.kind === 'contain' || effect.kind === 'lift') {
      const now = state.document(tenantKey(tenant))?.containments ?? []
      const id = effect.kind === 'contain' ? effect.containment.id : effect.id
      const others = now.filter((each) => each.id !== id)
      const containments = effect.kind === 'contain' ? [...others, effect.containment] : others
      state.put(tenantKey(tenant), { containments, overrides: [] })
    } else if (effect.kind === 'verdict') {
      const key = { kind: 'verdicts', tenant, id: effect.decision_id } as const
      const heard = state.document(key)?.heard ?? []
      state.put(key, { layers: {}, heard: [...heard, effect.source], self_flagged: false })
    } else if (effect.kind === 'constants') {
      state.useConstants(effect.constants)
    } else if (effect.kind === 'seen' && effect.agent === 'trap') {
      throw new Error('the projector tripped')
    }
  }
}
