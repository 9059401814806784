import { z } from 'zod'

/** The four layers of trust, in the order in which ties are named. */
export const LAYERS = ['identity', 'behaviour', 'context', 'outcome'] as const
/** A layer that signals belong to: who the agent is, how it acts, where it acts, what came of it. */
export const Layer = z.enum(LAYERS)
export type Layer = z.infer<typeof Layer>

/** The layers kept per scope; identity is kept once per agent. */
export const SCOPED_LAYERS = ['behaviour', 'context', 'outcome'] as const
/** A layer that is kept per scope. */
export type ScopedLayer = (typeof SCOPED_LAYERS)[number]

/** `light`: actions whose static risk is read or low. `full`: medium or high. */
export const StakeClass = z.enum(['light', 'full'])
export type StakeClass = z.infer<typeof StakeClass>

/** Longest tool category, characters. */
export const CATEGORY_CHARS_MAX = 64
const CATEGORY_PATTERN = new RegExp(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,${String(CATEGORY_CHARS_MAX - 1)}}$`, 'u')

/** A tool category: letters, digits, `_`, `.`, `-`; starts with a letter or digit. */
export const ToolCategory = z.string().regex(CATEGORY_PATTERN, 'a tool category is 1 to 64 letters, digits, "_", "." or "-"')
export type ToolCategory = z.infer<typeof ToolCategory>

/** The name of a scope inside one agent: `category:light` or `category:full`. */
export const ScopeKey = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}:(?:light|full)$/u, 'a scope is "category:light" or "category:full"')
export type ScopeKey = z.infer<typeof ScopeKey>

/** The two parts of a scope's name. */
export type ScopeParts = { readonly category: ToolCategory; readonly stake: StakeClass }

/** The scope's name, `category:stake`. */
export function formatScope(category: ToolCategory, stake: StakeClass): ScopeKey {
  return `${category}:${stake}`
}

/** Splits a scope's name; undefined if it is not one. */
export function parseScope(text: string): ScopeParts | undefined {
  if (!ScopeKey.safeParse(text).success) return undefined
  const colon = text.lastIndexOf(':')
  return { category: text.slice(0, colon), stake: text.slice(colon + 1) === 'light' ? 'light' : 'full' }
}

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
