import { describe, expect, it } from 'vitest'

import { blockerOf, pauseReason } from '../../src/approvals/rules/approval-blockers.ts'
import { pausableApproval } from '../../src/approvals/rules/pauses.ts'
import type { Approval } from '../../src/ledger/documents/approval.ts'
import { type DocumentKey, type DocumentKind, documentName, type Documents } from '../../src/ledger/documents/documents.ts'
import type { Effect } from '../../src/ledger/effect.ts'
import { project } from '../../src/ledger/fold/fold.ts'
import type { View } from '../../src/ledger/store.ts'
import { DEFAULT_TRUST_CONSTANTS as constants } from '../../src/trust/default-constants.ts'

const approval: Approval = {
  id: 'd',
  request_digest: 'a'.repeat(64),
  agent: 'mailer',
  human: null,
  requester: 'gateway',
  not_by: ['planner'],
  action: 'send_email',
  scope: 'communication:full',
  band: 'high',
  requested_at_ms: 0,
  expires_at_ms: 1_000,
  redeem_within_ms: 1_000,
  approvers_needed: 1,
  votes: [],
  withdrawn_at_ms: null,
  expired_at_ms: null,
  redeemed_by: null,
  stake: 'proposal',
}

/** The state after these effects. */
function after(...effects: readonly Effect[]): View {
  const documents = new Map<string, Documents[DocumentKind]>()
  const document = <K extends DocumentKind>(key: DocumentKey<K>): Documents[K] | undefined =>
    documents.get(documentName(key)) as Documents[K] | undefined
  project(effects, 1, 'default', {
    document,
    put: (key, value) => void documents.set(documentName(key), value),
    constants: () => constants,
    useConstants: () => undefined,
  })
  return { document, record: () => undefined, constants: () => constants, stateVersion: () => 0 }
}

const blocker = (view: View, of: Approval = approval): string | null => blockerOf(pausableApproval(of), 'default', view)
const contained = (agent: string): Effect => ({
  kind: 'contain',
  containment: { id: 'c', target: { kind: 'agent', agent }, by: 'person', reason: 'a leak', at_ms: 0 },
})
const incident = (review: boolean): Effect => ({
  kind: 'incident',
  agent: 'mailer',
  incident: { id: 'i', class: 'injection_suspected', reach: 'agent', scope: null, cap: 0.2, review },
})

describe('an approval', () => {
  it('can be used where nothing is contained and nobody knows anything of its agent', () => {
    expect(blocker(after())).toBeNull()
    expect(blocker(after(contained('other')))).toBeNull()
  })

  it.each(['mailer', 'planner'])('waits while "%s", whom its request names, is contained', (agent) => {
    expect(blocker(after(contained(agent)))).toBe('contained_agent:person:a leak')
  })

  it('waits for the review of an incident of its agent, and for no other incident', () => {
    expect(blocker(after(incident(true)))).toBe('incident:injection_suspected:i')
    expect(blocker(after(incident(false)))).toBeNull()
  })

  it('says what stands in the way, or else what paused it', () => {
    const pause = { id: 'c', cause: 'containment', target: { kind: 'tenant' }, at_ms: 1 } as const
    expect(pauseReason('incident:x:i', [pause])).toBe('incident:x:i')
    expect(pauseReason(null, [pause])).toBe('containment:c')
    expect(pauseReason(null, [])).toBeNull()
  })

  it('that no agent asked for waits for no incident', () => {
    expect(blocker(after(incident(true), contained('mailer')), { ...approval, agent: null })).toBeNull()
    expect(blocker(after(contained('planner')), { ...approval, agent: null })).toBe('contained_agent:person:a leak')
  })
})
