import { type Level, LEVELS } from '../../model/level.ts'
import type { TrustConstants } from '../../trust/constants.ts'

/** What people call the levels of an agent in a scope. */
export type Seniority = 'junior' | 'mid' | 'senior'

/** Levels → seniority: the whole mapping (docs/monitoring.md). */
const SENIORITY_OF_LEVEL = ['junior', 'junior', 'mid', 'senior', 'senior'] as const satisfies readonly Seniority[]

/** When a person is asked, by seniority: what the shipped matrix concedes there at low and medium risk. */
const ESCALATION: Readonly<Record<Seniority, string>> = {
  junior: 'reads and proposes; a person does the rest',
  mid: 'a person approves each action',
  senior: 'a person is asked at high risk only',
}

/** What it takes to be of a seniority: its lowest level, and what that level asks for. */
export type SeniorityCriteria = {
  readonly seniority: Seniority
  readonly level: Level
  /** Largest severity-weighted error rate that the evidence must exclude, 0–1. */
  readonly error_rate_max: number
  /** Verified tasks done well since the last rung or incident. */
  readonly tasks_min: number
  readonly escalation: string
}

/** The criteria of each seniority, from the constants in force: those of the lowest level that has its name. */
export function seniorityCriteria({ rate_limit, count_min }: TrustConstants): readonly SeniorityCriteria[] {
  return (['junior', 'mid', 'senior'] as const).map((seniority) => {
    const level = LEVELS[SENIORITY_OF_LEVEL.indexOf(seniority)] ?? 0
    return {
      seniority,
      level,
      error_rate_max: rate_limit[level],
      tasks_min: count_min[level],
      escalation: ESCALATION[seniority],
    }
  })
}

/** How many agents are of each seniority, by how many stand on each level. */
export function seniorityCounts(levels: Readonly<Record<Level, number>>): Readonly<Record<Seniority, number>> {
  const counts = { junior: 0, mid: 0, senior: 0 }
  for (const level of LEVELS) counts[SENIORITY_OF_LEVEL[level]] += levels[level]
  return counts
}
