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

/** The stages of an agent's life, lowest first. */
export const STAGES = ['sandbox', 'supervised', 'trusted', 'autonomous'] as const

export type Stage = (typeof STAGES)[number]

/**
 * Which levels the stages name. 2: sandbox proposes (L1), supervised is approved by people (L2), trusted (L3), autonomous (L4). 1 is
 * the naming of catalogues that do not say which one they use.
 */
export const STAGE_LEVELS = {
  1: { sandbox: 0, supervised: 1, trusted: 3, autonomous: 4 },
  2: { sandbox: 1, supervised: 2, trusted: 3, autonomous: 4 },
} as const satisfies Record<number, Readonly<Record<Stage, Level>>>

/** The number of a naming of the stages. */
export type StageVersion = keyof typeof STAGE_LEVELS

/** The name of a level. */
export function levelName(level: Level): LevelName {
  return LEVEL_NAMES[level]
}

/** The level that a name, a stage by its naming, `L3` or `3` stands for; undefined if it is none of them. */
export function parseLevel(text: string, stages: StageVersion): Level | undefined {
  const named = LEVELS.find((level) => LEVEL_NAMES[level] === text || `L${String(level)}` === text || String(level) === text)
  return named ?? stageLevel(text, stages)
}

function stageLevel(text: string, stages: StageVersion): Level | undefined {
  const stage = STAGES.find((each) => each === text)
  return stage === undefined ? undefined : STAGE_LEVELS[stages][stage]
}

/** The lower of two levels. */
export function lowerLevel(a: Level, b: Level): Level {
  return a < b ? a : b
}
