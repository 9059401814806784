import { describe, expect, it } from 'vitest'

import { concernsAgents, reaches } from '../../src/ledger/containment-reach.ts'

const subject = { agents: ['mailer', 'planner'], scope: 'communication:full', action: 'send_email' }

describe('a containment', () => {
  it.each([
    [{ kind: 'tenant' }, true],
    [{ kind: 'agent', agent: 'planner' }, true],
    [{ kind: 'agent', agent: 'other' }, false],
    [{ kind: 'scope', scope: 'communication' }, true],
    [{ kind: 'scope', scope: 'communication:full' }, true],
    [{ kind: 'scope', scope: 'communication:light' }, false],
    [{ kind: 'scope', scope: 'communication', agent: 'mailer' }, true],
    [{ kind: 'scope', scope: 'communication', agent: 'other' }, false],
    [{ kind: 'action', action: 'send_email' }, true],
    [{ kind: 'action', action: 'send_fax' }, false],
    [{ kind: 'action', action: 'send_email', agent: 'other' }, false],
  ] as const)('of %j reaches an action of the agents: %j', (target, reached) => {
    expect(reaches(target, subject)).toBe(reached)
  })

  it('that names no agent is about every agent', () => {
    expect(concernsAgents({ kind: 'action', action: 'send_email' }, ['anybody'])).toBe(true)
    expect(concernsAgents({ kind: 'action', action: 'send_email', agent: 'mailer' }, ['anybody'])).toBe(false)
  })
})
