import type { TrustConstants } from '../../trust/constants.ts'
import { resolveTrustConstants } from '../../trust/default-constants.ts'
import { BASELINES } from './baselines.ts'
import { createGradus } from './gradus.ts'
import type { SimulatedPolicy } from './policy.ts'
import type { Setting } from './setting.ts'

/** A policy of the table: its heading, what it is, and a new life under it. */
export type PolicyEntry = {
  readonly title: string
  readonly source: string
  readonly create: (setting: Setting) => SimulatedPolicy
}

const constantsOf = ({ heat_prior_units, half_life_positive_days }: Setting): TrustConstants =>
  resolveTrustConstants({ heat_prior_units, half_life_positive_days })

/** Half-life of good evidence in the ablation that forgets fast, days. */
const SHORT_HALF_LIFE_DAYS = 20

/** Every policy by its name: the baselines, the product, and the product with a part left out. */
export const POLICIES = {
  ...BASELINES,
  gradus: {
    title: 'gradus',
    source: 'the product with its default constants',
    create: (setting) => createGradus(constantsOf(setting)),
  },
  gradus_no_eprocess: {
    title: 'without e-process',
    source: 'the product, its promotions without the gate `evidence`',
    create: (setting) => createGradus(constantsOf(setting), { withoutEvidenceGate: true }),
  },
  gradus_no_heat: {
    title: 'without agent heat',
    source: 'the product, a failure in one scope does not reach the others',
    create: (setting) => createGradus(constantsOf(setting), { withoutAgentHeat: true }),
  },
  gradus_short_memory: {
    title: 'half-life 20 d',
    source: 'the product with half_life_positive_days 20',
    create: (setting) => createGradus(constantsOf({ ...setting, half_life_positive_days: SHORT_HALF_LIFE_DAYS })),
  },
} as const satisfies Readonly<Record<string, PolicyEntry>>
/** The name of a policy. */
export type PolicyName = keyof typeof POLICIES
