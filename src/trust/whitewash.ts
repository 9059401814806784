import { DAY_MS } from '../format/time.ts'
import type { AgentTrust, Incident } from './agent-trust.ts'
import type { TrustConstants } from './constants.ts'

/**
 * Until when a new agent of the same owner is held back, ms since 1970; null: the agent did not fall. It did where an incident of a class
 * that a person must review is open, or began lately, and where a scope that had reached L2 lost a level lately.
 */
export function heldBackUntil(agent: AgentTrust, nowMs: number, constants: TrustConstants): number | null {
  const windowMs = constants.whitewash_days * DAY_MS
  const scopes = Object.values(agent.scopes)
  const grave = [...agent.incidents, ...scopes.flatMap(({ incidents }) => incidents)].filter(({ review }) => review !== 'none')
  const struck = scopes.flatMap(({ ladder }) => (ladder.kGrant[2] > 0 && ladder.struckAtMs !== null ? [ladder.struckAtMs] : []))
  const last = Math.max(-Infinity, ...grave.map((incident) => lastedUntil(incident, nowMs)), ...struck)
  return last + windowMs > nowMs ? last + windowMs : null
}

/** An incident that waits for its review lasts; one that was reviewed was when it began. */
function lastedUntil({ review, atMs }: Incident, nowMs: number): number {
  return review === 'required' ? nowMs : atMs
}
