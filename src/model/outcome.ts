import { z } from 'zod'

/** The graduated outcomes, lowest first: `deny ⊏ suggest ⊏ require_approval ⊏ allow_guarded ⊏ allow`. */
export const OUTCOMES = ['deny', 'suggest', 'require_approval', 'allow_guarded', 'allow'] as const

/** One graduated outcome. */
export const Outcome = z.enum(OUTCOMES)
export type Outcome = z.infer<typeof Outcome>

/** The four risk bands, lowest first. */
export const RISK_BANDS = ['read', 'low', 'medium', 'high'] as const
export const RiskBand = z.enum(RISK_BANDS)
export type RiskBand = z.infer<typeof RiskBand>
