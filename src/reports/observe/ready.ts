import { DAY_MS } from '../../format/time.ts'
import { type ObserveReport, share } from './observe-report.ts'
import type { ObserveGates } from './settings.ts'

/** One gate between observing and enforcing. */
export type ReadyGate = {
  readonly gate: keyof ObserveGates
  /** What it measures, in words. */
  readonly about: string
  readonly have: number
  readonly need: number
  /** Whether `have` has to be at least or at most `need`. */
  readonly bound: 'min' | 'max'
  readonly passed: boolean
}

/** What gates read: the report of the scope, and that of all the agent did, because an unknown action belongs to no scope of its own. */
export type ReadyInput = { readonly scope: ObserveReport; readonly agent: ObserveReport; readonly nowMs: number }

/** Every gate with what there is and what is needed. */
export function readyGates({ scope, agent, nowMs }: ReadyInput, gates: ObserveGates): readonly ReadyGate[] {
  const { observed, reported_share: reportedShare, degraded } = scope.coverage
  const { run, ask, block } = scope.outcomes
  const good = [run, ask, block].reduce((sum, { reported, bad }) => sum + reported - bad, 0)
  const days = scope.first === null ? 0 : (nowMs - Date.parse(scope.first)) / DAY_MS
  const gate = (name: keyof ObserveGates, about: string, have: number): ReadyGate => {
    const need = gates[name]
    const bound = name.endsWith('_min') ? 'min' : 'max'
    const rounded = Math.round(have * 10_000) / 10_000
    return { gate: name, about, have: rounded, need, bound, passed: bound === 'min' ? have >= need : have <= need }
  }
  return [
    gate('days_min', 'days since the first observed decision', days),
    gate('decisions_min', 'observed decisions', observed),
    gate(
      'unknown_action_share_max',
      'share of the agent’s decisions about actions outside the catalogue',
      share(agent.coverage.unknown_actions.decisions, agent.coverage.observed),
    ),
    gate('outcome_share_min', 'share of what ran whose outcome was reported', reportedShare),
    gate('approvals_per_day_max', 'approvals a day that people would be asked for', scope.approvals.per_day),
    gate('good_blocked_share_max', 'share of what went well that would be stopped', share(block.reported - block.bad, good)),
    gate('degraded_share_max', 'share of decisions made without trust, risk or graduation', share(degraded, observed)),
  ]
}
