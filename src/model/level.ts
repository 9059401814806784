import { z } from 'zod'

/** The rungs of the ladder, L0 to L4. */
export const LEVELS = [0, 1, 2, 3, 4] as const

/** A rung of the ladder: 0 read_only, 1 suggest, 2 approve_to_execute, 3 conditional, 4 autonomous. */
export const Level = z.literal(LEVELS)

export type Level = z.infer<typeof Level>

/** The names of the rungs, by level. */
export const LEVEL_NAMES = ['read_only', 'suggest', 'approve_to_execute', 'conditional', 'autonomous'] as const

/** The name of a rung. */
export const LevelName = z.enum(LEVEL_NAMES)

export type LevelName = z.infer<typeof LevelName>

/** Other words in use for some rungs. */
export const LEVEL_ALIASES = { sandbox: 0, supervised: 1, trusted: 3, autonomous: 4 } as const satisfies Record<string, Level>

/** The name of a level. */
export function levelName(level: Level): LevelName {
  return LEVEL_NAMES[level]
}

/** The level that a name, an alias, `L3` or `3` stands for; undefined if it is none of them. */
export function parseLevel(text: string): Level | undefined {
  const named = LEVELS.find((level) => LEVEL_NAMES[level] === text || `L${String(level)}` === text || String(level) === text)
  if (named !== undefined) return named
  return Object.entries(LEVEL_ALIASES).find(([alias]) => alias === text)?.[1]
}

/** The lower of two levels. */
export function lowerLevel(a: Level, b: Level): Level {
  return a < b ? a : b
}
