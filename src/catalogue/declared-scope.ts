import { LEVELS, parseLevel, type StageVersion } from '../model/level.ts'
import { type Disposition, DISPOSITIONS } from './catalogue-file.ts'
import type { DeclaredScope } from './problems.ts'

/** The level that a scope caps at, 4 where it names none. Unreadable names were refused when the catalogue was checked; one that got through would be level 0. */
export function levelCap(scope: DeclaredScope | undefined, stages: StageVersion): number {
  const level = parseLevel(String(scope?.level ?? 4), stages)
  return Math.max(
    0,
    LEVELS.findIndex((each) => each === level),
  )
}

/** How the lists of a scope dispose of a tool. */
export function dispositionIn(scope: DeclaredScope | undefined, tool: string): Disposition {
  if (scope === undefined) return 'none'
  if (scope.block.includes(tool)) return 'block'
  if (scope.require_approval.includes(tool)) return 'require_approval'
  return scope.auto_approve.includes(tool) ? 'auto_approve' : 'none'
}

/** The tighter of two dispositions. */
export function lowerDisposition(a: Disposition, b: Disposition): Disposition {
  return DISPOSITIONS.indexOf(a) >= DISPOSITIONS.indexOf(b) ? a : b
}
