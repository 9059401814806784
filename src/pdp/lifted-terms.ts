import { type Element, meetAll } from '../lattice/meet.ts'
import type { Ceiling, Source } from '../model/ceiling.ts'
import type { DecisionInputs } from './decision-inputs.ts'
import { isSwitchedOff, switchedOffTerm, unvouchedTerm } from './hard-term.ts'
import { term } from './terms.ts'

type Override = NonNullable<DecisionInputs['override']>

/** Terms that no approval lifts: what may ever happen (but see `grantedBase`), what is switched off, and what nobody may lift. */
const BEYOND_APPROVAL: readonly Source[] = ['base', 'containment', 'hard']

/**
 * The stated terms after approvals and overrides. A valid approval turns every `require_approval` it reaches into `allow_guarded`. An
 * emergency override takes trust and context out of the meet, incidents where enough people stand behind it, and the approval that a
 * category asks for; what a category denies stays.
 */
export function withApproval(
  terms: readonly Ceiling[],
  { approval, override }: Pick<DecisionInputs, 'approval' | 'override'>,
): readonly Ceiling[] {
  const open = override === null ? terms : terms.flatMap((each) => overridden(each, override))
  return approval === null ? open : open.map((each) => approved(each, approval.id))
}

/** What the base grants: an approval that it asks for itself satisfies it, if it was asked for under this very policy set. */
export function grantedBase(base: Ceiling, { approval }: Pick<DecisionInputs, 'approval'>): Ceiling {
  return approval?.same_policy_set === true ? guarded(base, approval.id) : base
}

/** What the stated terms come to once they are approved, if nothing else changes meanwhile; the retry is decided anew. */
export function ifApproved([first, ...rest]: readonly [Ceiling, ...Ceiling[]], id: string): Element {
  return meetAll([guarded(first, id), ...rest.map((each) => approved(each, id))])
}

/** The terms with those that are only observed conceding everything; what they said counts in what would have been answered. */
export function withoutObserved(
  terms: readonly Ceiling[],
  inputs: Pick<DecisionInputs, 'observed' | 'kill_switch' | 'human' | 'unvouched' | 'action' | 'sensitive' | 'approval'>,
): readonly Ceiling[] {
  const enforced = isSwitchedOff(inputs) ? switchedOffTerm() : unvouchedTerm(inputs)
  const observed = (each: Ceiling): Ceiling =>
    each.source === 'hard' && enforced !== undefined ? enforced : term(each.source, 'allow', 'observed')
  return terms.map((each) => (inputs.observed.some((source) => source === each.source) ? observed(each) : each))
}

function approved(each: Ceiling, id: string): Ceiling {
  return BEYOND_APPROVAL.includes(each.source) ? each : guarded(each, id)
}

/** A term that asks for an approval, with the approval: it runs guarded, under the duties and bounds of before. */
function guarded(each: Ceiling, id: string): Ceiling {
  if (each.outcome !== 'require_approval') return each
  const { obligations, ...conceded } = term(each.source, 'allow_guarded', `approved:${id}:${each.reason}`)
  return { ...conceded, obligations: [...each.obligations, ...obligations], guardrails: each.guardrails }
}

function overridden(each: Ceiling, { id, lifts_incidents }: Override): readonly Ceiling[] {
  if (each.source === 'context') return []
  if (each.source === 'incident' && lifts_incidents && each.outcome !== 'allow')
    return [term('incident', 'allow', `override:${id}:${each.reason}`)]
  if (each.source === 'category' && each.outcome !== 'deny') return [{ ...each, outcome: 'allow', reason: `override:${id}` }]
  if (each.source !== 'trust') return [each]
  const duties: Ceiling['obligations'] = [
    { id: 'override_audit', performer: 'pdp', properties: { override: id } },
    { id: 'notify_owner', performer: 'pdp' },
  ]
  return [{ ...term('trust', 'allow', `override:${id}`), obligations: duties }]
}
