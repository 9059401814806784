import type { ScopeKey } from '../model/scope.ts'
import type { ContainmentTarget } from './documents/containment.ts'

/** What a containment may reach: the agents that something comes from or names, its scope, and its action. */
export type ContainmentSubject = {
  readonly agents: readonly string[]
  readonly scope: ScopeKey
  readonly action: string
}

/** Whether a containment is about one of these agents: it names one of them, or none at all. */
export function concernsAgents(target: ContainmentTarget, agents: readonly string[]): boolean {
  return target.kind === 'tenant' || target.agent === undefined || agents.includes(target.agent)
}

/** Whether a containment takes an action out of service. Its scope may be a whole tool category, or that in one stake class. */
export function reaches(target: ContainmentTarget, { agents, scope, action }: ContainmentSubject): boolean {
  if (!concernsAgents(target, agents)) return false
  switch (target.kind) {
    case 'tenant':
    case 'agent':
      return true
    case 'scope':
      return target.scope === scope || target.scope === scope.slice(0, scope.lastIndexOf(':'))
    case 'action':
      return target.action === action
  }
}
