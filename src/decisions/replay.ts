import { canonicalJson } from '../format/canonical-json.ts'
import { invariant } from '../format/error.ts'
import { SEMANTICS, semanticsOf } from '../ledger/record.ts'
import { decisionBodyOf } from '../ledger/recorded-decision.ts'
import type { StoredRecord } from '../ledger/store.ts'
import type { PolicySet } from '../policy/policy-set.ts'
import { graduationTrace, wouldTrace } from './decision-record.ts'
import { derive } from './derive.ts'
import { deriveRefused } from './rules/derivation.ts'

/** Whether a decision comes out again: byte for byte, not so, or not to be told: its inputs are gone, or decisions meant something else then. */
export type ReplayResult =
  | { readonly state: 'equal' }
  | { readonly state: 'other_semantics'; readonly semantics: number }
  | { readonly state: 'masked' | 'erased' | 'unknown_policy_set' }
  | {
      readonly state: 'different'
      readonly differences: readonly { readonly member: string; readonly recorded: unknown; readonly replayed: unknown }[]
    }

/** The members that a replay must give again. */
const COMPARED = ['risk', 'base', 'delegator', 'graduation', 'decision', 'would'] as const

/** The policy set that a decision record was made under. */
export function policySetOf(stored: StoredRecord): string {
  const digest = stored.record.body['policy_set']
  invariant(typeof digest === 'string', `record ${stored.record.id} names no policy set`)
  return digest
}

/** Decides again from the record alone and its archived policy set, and compares canonical bytes. Masked or erased inputs, and other semantics, are never "equal" and never "different". */
export async function replayDecision(stored: StoredRecord, policySet: PolicySet | undefined): Promise<ReplayResult> {
  invariant(stored.record.kind === 'decision', `record ${stored.record.id} is not a decision`)
  const semantics = semanticsOf(stored.record)
  if (semantics !== SEMANTICS) return { state: 'other_semantics', semantics }
  if (stored.state !== 'whole') return { state: stored.state }
  if (policySet === undefined) return { state: 'unknown_policy_set' }
  const body = decisionBodyOf(stored.record)
  const question = {
    request: body.request,
    entrypoint: body.entrypoint,
    ...('base_input' in body ? { baseInput: body.base_input } : {}),
    // Another decision point's word is given, not derived.
    ...(body.protocol === 'opa-log' ? { answered: body.base } : {}),
  }
  const first = await derive({ question, facts: body.facts, policySet })
  const { risk, base, delegator, graduation, decision, would } = deriveRefused(first, body.refusals, body.would?.refusals)
  const rehearsed = would === null ? null : wouldTrace(would, body.would?.rehearsal ?? null)
  const again = { risk, base, delegator, graduation: graduationTrace(graduation), decision, would: rehearsed }
  const differences = COMPARED.flatMap((member) => {
    const replayed: unknown = JSON.parse(JSON.stringify(again[member]))
    // Absent stands for null: of records that say nothing of it, and where there is nothing.
    const recorded: unknown = member === 'would' ? body.would : (stored.record.body[member] ?? null)
    return canonicalJson(recorded) === canonicalJson(replayed) ? [] : [{ member, recorded, replayed }]
  })
  return differences.length === 0 ? { state: 'equal' } : { state: 'different', differences }
}
