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
