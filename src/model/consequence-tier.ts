import { z } from 'zod'

/** How much harm an agent of a tier can do, lowest first: low-stakes assistants are governed lightly. */
export const CONSEQUENCE_TIERS = ['low', 'standard', 'high'] as const
export const ConsequenceTier = z.enum(CONSEQUENCE_TIERS)
export type ConsequenceTier = z.infer<typeof ConsequenceTier>
