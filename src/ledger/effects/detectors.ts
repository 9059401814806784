import { z } from 'zod'

import { ObservationDigest } from '../../detect/observation.ts'
import { DetectSettings } from '../../detect/settings.ts'
import { ScopeKey } from '../../model/scope.ts'
import { id } from './fields.ts'

/** Effects on detectors: which are in force, and what they saw. */
export const DETECTOR_EFFECTS = {
  /** The detectors that came into force; null: none. What they saw before counts on under other settings. */
  detectors: z.strictObject({ kind: z.literal('detectors'), settings: DetectSettings.nullable() }),
  /** Detectors looked at an action of an agent; what is kept of it holds no argument and no text. */
  watched: z.strictObject({ kind: z.literal('watched'), agent: id, scope: ScopeKey, observed: ObservationDigest }),
} as const
