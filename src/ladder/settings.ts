import { z } from 'zod'

import { ImportKeys } from '../evidence/import/settings.ts'
import { Layer, LAYERS } from '../model/layer.ts'
import { TrustConstantsOverride } from '../trust/constants.ts'
import { trustConstantsProblems } from '../trust/default-constants.ts'

/** `trust` of the configuration: the constants of the model, its live layers, how rungs are granted, and whose histories are imported. */
export const TrustSettings = z
  .strictObject({
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
    /** Whose signature an imported history bears (docs/signals.md). */
    import_keys: ImportKeys,
  })
  .superRefine(({ constants, live_layers: liveLayers }, context) => {
    for (const { path, message } of trustConstantsProblems(constants, liveLayers))
      context.addIssue({ code: 'custom', path: path[0] === 'live_layers' ? [...path] : ['constants', ...path], message })
  })
  .prefault({})
