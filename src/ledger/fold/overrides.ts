import type { Override } from '../documents/approval.ts'

/** The overrides that are still in force; the others have done their time. */
export function openOverrides(overrides: readonly Override[], nowMs: number): Override[] {
  return overrides.filter(({ until_ms }) => nowMs < until_ms)
}

/** The override with one more person behind it; the same person counts once. */
export function confirmed(override: Override, person: string): Override {
  return override.people.includes(person) ? override : { ...override, people: [...override.people, person] }
}
