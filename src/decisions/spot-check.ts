import { drawOf } from '../evidence/sampling.ts'
import { HOUR_MS } from '../format/time.ts'
import type { VerificationDuty } from '../ledger/recorded-decision.ts'
import { type SpotCheck, type SpotCheckCause, SPOT_CHECKS_OPEN_MAX } from '../ledger/documents/spot-check.ts'
import type { Effect } from '../ledger/effect.ts'
import { spotChecksKey } from '../ledger/keys.ts'
import type { View } from '../ledger/store.ts'
import type { Obligation } from '../model/ceiling.ts'
import type { Decided } from './decision-context.ts'
import { answeringOwner } from './tell-duties.ts'
import { SAMPLED_LEVEL } from './verification-duty.ts'

/** Within how many hours somebody has to look, where the duty does not say (`hours`). */
const REVIEW_HOURS = 72

/** A decision drawn for review: effects and body of its record. */
export type DrawnSpotCheck = { readonly effects: readonly Effect[]; readonly body: Readonly<Record<string, unknown>> }

const NOTHING: DrawnSpotCheck = { effects: [], body: {} }

/**
 * Puts a decision that lets an agent's action run on the spot-check list: a share of those with `post_hoc_review` (`sample`; all of them
 * where it is no share), those of L4 that were drawn to be verified, and all under an override (`override_audit`). Who acts cannot know
 * what is drawn: it depends on a secret. A list that is full takes no more, and the record says so.
 */
export function drawSpotCheck(
  decided: Decided,
  verification: VerificationDuty | null,
  key: Uint8Array,
  view: Pick<View, 'document'>,
): DrawnSpotCheck {
  const { context, facts, derivation } = decided
  const { agent } = facts.parties
  if (agent === null || !derivation.decision.decision || derivation.mode === 'observe') return NOTHING
  const drawn = drawnOf(decided, verification, key)
  if (drawn.length === 0) return NOTHING
  const check: SpotCheck = {
    decision_id: context.id,
    agent: agent.id,
    action: facts.action.name,
    scope: context.scope,
    owner: answeringOwner(context),
    causes: drawn.map(({ cause }) => cause),
    at_ms: facts.at_ms,
    due_ms: Math.min(...drawn.map(({ due_ms }) => due_ms)),
  }
  const listed = (view.document(spotChecksKey(context.tenant))?.open.length ?? 0) < SPOT_CHECKS_OPEN_MAX
  const { causes, owner, due_ms } = check
  return { effects: listed ? [{ kind: 'spot_check', check }] : [], body: { review: { causes, owner, due_ms, listed } } }
}

type Drawn = { readonly cause: SpotCheckCause; readonly due_ms: number }

function drawnOf(
  { context, facts, derivation }: Decided,
  verification: VerificationDuty | null,
  key: Uint8Array,
): readonly Drawn[] {
  const { tenant, id } = context
  const dutyOf = (name: string): Obligation | undefined =>
    derivation.decision.obligations.find((duty) => duty.id === name && duty.performer === 'pdp')
  const dueOf = (duty: Obligation): number => facts.at_ms + Math.round(hoursOf(duty) * HOUR_MS)
  const review = dutyOf('post_hoc_review')
  const audit = dutyOf('override_audit')
  const isSampled = verification?.due === true && (facts.trust?.level_effective ?? 0) >= SAMPLED_LEVEL
  return [
    ...(review !== undefined && drawOf(tenant, id, key, 'post_hoc_review') < shareOf(review)
      ? [{ cause: 'post_hoc_review' as const, due_ms: dueOf(review) }]
      : []),
    ...(isSampled ? [{ cause: 'verification' as const, due_ms: verification.by_ms }] : []),
    ...(audit === undefined ? [] : [{ cause: 'override_audit' as const, due_ms: dueOf(audit) }]),
  ]
}

function shareOf({ properties }: Obligation): number {
  const sample = properties?.['sample']
  return typeof sample === 'number' && sample >= 0 && sample <= 1 ? sample : 1
}

function hoursOf({ properties }: Obligation): number {
  const hours = properties?.['hours']
  return typeof hours === 'number' && hours > 0 && hours <= REVIEW_HOURS * 10 ? hours : REVIEW_HOURS
}
