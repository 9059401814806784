import { z } from 'zod'

import { Layer, LAYERS } from '../model/layer.ts'
import { TrustConstantsOverride } from '../trust/constants.ts'

/** `trust` of the configuration, but for imported histories: the constants of the model, its live layers, and how rungs are granted. */
export const TRUST_SETTINGS = {
  /** Deviations from the shipped trust constants, by name (docs/trust-model.md); the whole is validated at load. */
  constants: TrustConstantsOverride.prefault({}),
  /** Layers that really have sources; the others bound trust through the instrumentation ceiling. */
  live_layers: z
    .array(Layer)
    .max(4)
    .default([...LAYERS]),
  /** Highest level that is granted without a person. */
  automatic_level_max: z.int().min(0).max(3).default(3),
  /** How often the timer evaluates promotions, up to `automatic_level_max`; 0 switches it off. */
  promotion_interval_seconds: z.int().min(0).max(86_400).default(60),
}
