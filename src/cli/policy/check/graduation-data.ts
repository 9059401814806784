import { z } from 'zod'

import { ACTION_CATEGORIES, Classification } from '../../../catalogue/catalogue-file.ts'
import type { SourceFinding } from '../../../format/source-place.ts'
import { isWithoutPerformer, performerFix } from '../../../lattice/pdp-duties.ts'
import { Guardrails, NAME_CHARS_MAX, Obligation } from '../../../model/ceiling.ts'
import { CONSEQUENCE_TIERS } from '../../../model/consequence-tier.ts'
import { Outcome, OUTCOMES, RISK_BANDS } from '../../../model/outcome.ts'
import { Matrix } from '../../../pdp/matrix-schema.ts'
import { configFindings, packageConfig } from './package-data.ts'

const name = z.string().min(1).max(NAME_CHARS_MAX)
const duties = z.array(name)
const unit = z.number().min(0).max(1)
const environment = z.strictObject({ read: Outcome, write: Outcome })
const graded = ACTION_CATEGORIES.filter((category) => category !== 'permission_escalation')

const classification = z
  .strictObject({ allow_above: unit, approval_from: unit, below_obligations: duties.optional() })
  .refine(({ allow_above, approval_from }) => allow_above >= approval_from, {
    path: ['allow_above'],
    message: 'is below approval_from, so that writes would be denied to everybody',
    params: { fix: 'let it run by itself from a higher trust than a person may approve it from' },
  })

/** What the graduation policy reads of `data.graduation.config`. Every tier and level and band is there: what is missing would be denied. */
const GraduationConfig = z.strictObject({
  matrix: z.strictObject(tiers(Matrix)),
  categories: z.strictObject(Object.fromEntries(graded.map((category) => [category, Outcome]))),
  unknown_action: z.enum(['deny', 'suggest', 'require_approval']),
  default_environment: z.string().max(NAME_CHARS_MAX),
  environments: z.record(name, environment).refine((environments) => Object.hasOwn(environments, 'unknown'), {
    message: 'the environment "unknown" is missing; it governs names that are not here',
    params: { fix: 'add unknown: { read: allow, write: require_approval }' },
  }),
  classification: z.partialRecord(Classification, classification),
  purposes: z.record(name, z.array(name)),
  guardrails: z.strictObject({
    scopes: z.record(name, Guardrails).optional(),
    tools: z.record(name, Guardrails).optional(),
    agents: z.record(name, Guardrails).optional(),
    tiers: z.partialRecord(z.enum(CONSEQUENCE_TIERS), Guardrails).optional(),
  }),
  obligations: z.record(name, Obligation.omit({ id: true })).superRefine((described, context) => {
    for (const [id, { performer }] of Object.entries(described))
      if (isWithoutPerformer({ id, performer })) {
        const message = `nothing performs the duty "${id}"`
        context.addIssue({ code: 'custom', path: [id, 'performer'], message, params: { fix: performerFix(id) } })
      }
  }),
  tier_obligations: z.partialRecord(z.enum(CONSEQUENCE_TIERS), z.record(name, z.record(name, z.json()))).optional(),
  outcome_obligations: z.strictObject(Object.fromEntries(OUTCOMES.map((outcome) => [outcome, duties]))),
  band_obligations: z.strictObject(Object.fromEntries(RISK_BANDS.map((band) => [band, duties]))),
  autonomous_obligations: duties,
  incident_obligations: duties,
  incident_redacts: z.array(Classification),
})

function tiers<S extends z.ZodType>(schema: S): Record<(typeof CONSEQUENCE_TIERS)[number], S> {
  return { low: schema, standard: schema, high: schema }
}

const FIX = 'policies/graduation/data.yaml as it ships shows the whole; docs/policy-guide.md explains it'

/** What is wrong in the data that the graduation policy of a folder reads: the matrix first of all. */
export async function graduationFindings(folder: string): Promise<readonly SourceFinding[]> {
  const read = await packageConfig(folder, Object.keys(GraduationConfig.shape))
  if (read === undefined) return []
  if (!('source' in read)) return read
  const parsed = GraduationConfig.safeParse(read.config)
  return parsed.success ? [] : configFindings(read, parsed.error, FIX)
}
