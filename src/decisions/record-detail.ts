import type { PolicyEvaluation } from '../model/evaluation.ts'
import type { Decision } from '../pdp/decision-inputs.ts'
import type { DecisionRequest } from './decision-request.ts'
import type { Derivation } from './rules/derivation.ts'
import type { Timed } from './rules/ask-policies.ts'
import type { RecordDetailSettings, RecordPart } from './settings.ts'

/** Seconds that each step of a decision took, all attempts together, to the microsecond. */
export type StepSeconds = Partial<Record<Parameters<Timed>[0], number>>

/** What the parts of a record beside its inputs are taken from. */
type DetailSources = {
  readonly derivation: Derivation
  readonly asked: Pick<DecisionRequest, 'network'>
  /** Absent: nothing measured it. */
  readonly seconds?: StepSeconds | undefined
}

/** Where a record holds what was read out of the request. */
const MEASURED_POINTER = '/body/extra/measured'

/** Facts that are computed from the request; the others stand in the record as they are. */
const COMPUTED = ['amount', 'content', 'counters', 'destinations', 'recipients', 'records', 'time'] as const

/**
 * Performs `enhanced_logging`: the record says its `detail`, and holds under `extra` the parts that the configuration names for it. None
 * of them decides: a replay reads none.
 */
export function detailOf(settings: RecordDetailSettings, sources: DetailSources): Readonly<Record<string, unknown>> {
  const detail = isEnhanced(sources.derivation.decision) ? 'enhanced' : 'standard'
  const parts = settings[detail]
  if (parts.length === 0) return { detail }
  return { detail, extra: Object.fromEntries(parts.map((part) => [part, PARTS[part](sources)])) }
}

function isEnhanced({ obligations }: Decision): boolean {
  return obligations.some(({ id, performer }) => id === 'enhanced_logging' && performer === 'pdp')
}

const PARTS: Readonly<Record<RecordPart, (sources: DetailSources) => unknown>> = {
  measured: ({ derivation: { measured } }) => ({
    ...Object.fromEntries(COMPUTED.map((fact) => [fact, measured.values[fact] ?? null])),
    unavailable: measured.unavailable,
    not_applicable: measured.not_applicable,
  }),
  graduation: ({ derivation: { graduation } }): PolicyEvaluation => graduation,
  timing: ({ seconds }) => seconds ?? null,
  network: ({ asked: { network } }) => network ?? null,
}

/** The places that a record hides, with what was read out of the request: a mask of any member of the request hides that too. */
export function withMeasureMask(masked: readonly string[]): readonly string[] {
  return masked.length === 0 ? masked : [...new Set([...masked, MEASURED_POINTER])].sort()
}
