import { hasActor } from '../../access/actor-name.ts'
import { HOUR_MS } from '../../format/time.ts'
import type { Override } from '../../ledger/documents/approval.ts'
import type { RiskBand } from '../../model/outcome.ts'
import type { ScopeKey } from '../../model/scope.ts'

/** An override ends by itself within an hour, ms. */
export const OVERRIDE_MS_MAX = HOUR_MS
/** Overrides that a tenant may have in force at once. */
export const OVERRIDES_MAX = 100
/** Distinct people an override needs before it reaches actions of high risk. */
export const HIGH_RISK_PEOPLE = 2

/** Distinct people an override needs before it reaches an agent under an incident. */
export const INCIDENT_PEOPLE = 2

/** Whether the people behind an override are enough to lift incidents: two, one of whom may review those that wait for it. */
export function liftsIncidents({ people, reviewed = [] }: Override, due: readonly string[]): boolean {
  return new Set(people).size >= INCIDENT_PEOPLE && due.every((incident) => reviewed.includes(incident))
}

/** What is asked, as far as overrides can be about it. */
export type Overridden = { readonly agent: string; readonly scope: ScopeKey; readonly action: string; readonly band: RiskBand }

/** The override in force for this action, the youngest first; none where its people are not enough for the risk. */
export function overrideFor(overrides: readonly Override[], asked: Overridden, nowMs: number): Override | null {
  const matching = overrides.filter(
    (each) =>
      each.agent === asked.agent &&
      each.scope === asked.scope &&
      (each.action === null || each.action === asked.action) &&
      nowMs >= each.at_ms &&
      nowMs < each.until_ms &&
      (asked.band !== 'high' || new Set(each.people).size >= HIGH_RISK_PEOPLE),
  )
  return matching.at(-1) ?? null
}

/** Whether somebody who asks, or on whose behalf it is asked, stands behind the override: nobody takes over for themselves. */
export function isBehind({ people }: Override, requesters: readonly string[]): boolean {
  return people.some((person) => hasActor(requesters, person))
}

/** The override with one more person behind it, and the incidents that this person may review; the same person counts once. */
export function confirmed(override: Override, person: string, mayReview: readonly string[]): Override {
  if (hasActor(override.people, person)) return override
  const reviewed = [...new Set([...(override.reviewed ?? []), ...mayReview])]
  return { ...override, people: [...override.people, person], ...(reviewed.length === 0 ? {} : { reviewed }) }
}
