import { authorize, hasRoleFor, isAgents } from '../../access/authority.ts'
import type { Caller } from '../../access/caller.ts'
import { FairQueue } from '../../access/fair-queue.ts'
import { seenBy } from '../../approvals/canaries.ts'
import { policySetOf } from '../../decisions/replay.ts'
import { rollbackViewIn } from '../../evidence/rollback-view.ts'
import { ServiceError } from '../../format/error.ts'
import { overLimit } from '../../format/limit.ts'
import { plainPaint } from '../../format/terminal-text.ts'
import { decisionBodyOf } from '../../ledger/recorded-decision.ts'
import type { StoredRecord } from '../../ledger/store.ts'
import { closePolicies } from '../../policy/activation.ts'
import type { PolicySet, RestorePolicySet } from '../../policy/policy-set.ts'
import { type AuditDeps, noteRead } from '../read-log.ts'
import { type Explained, type ExplainedBy, explainedOf, headOf } from './explained.ts'
import { type Explanation, explanationOf } from './explanation.ts'
import { drawLadders } from './ladder.ts'

/** Former policy sets whose matrix and thresholds are kept at a time. */
const FORMER_SETS_MAX = 16
/** Most former policy sets that are restored at a time, each for another tenant: it takes the processor for some hundred milliseconds. */
const RESTORING_MAX = 2
/** Explanations that may wait for a former policy set for one credential. */
export const EXPLANATIONS_WAITING_MAX = 16

/** What explaining recorded decisions needs from outside. */
export type ExplainDeps = AuditDeps & {
  readonly policySet: () => PolicySet
  /** Absent: decisions of former policy sets are explained without their matrix. */
  readonly restorePolicySet?: RestorePolicySet
}

/** An explanation as data and as text for people, which holds nothing that acts on a terminal. */
export type ToldExplanation = { readonly answer: Explanation; readonly text: string }

/** Explains a recorded decision of the caller's tenant. Rejects with `not_found` what the caller may not see. */
export type ExplainDecision = (caller: Caller, decisionId: string) => Promise<ToldExplanation>

/**
 * Explains decisions to who reads the log, and each to who asked for it: the agent it is about, or the enforcement point that was
 * answered. They are told what would lift it, and not what was only observed or what did not look. The reading is recorded.
 */
export function createExplainDecision(deps: ExplainDeps): ExplainDecision {
  const byDigest = createFormerSets(deps)
  return async (caller, decisionId) => {
    authorize(caller, 'explain')
    const stored = await deps.store.read([], (view) => view.record(caller.tenant, decisionId))
    const seen = stored === undefined || !mayBeTold(caller, stored) ? undefined : seenBy(caller, stored)
    if (seen === undefined)
      throw new ServiceError('not_found', `there is no decision "${decisionId}" that this credential may see`, {
        fix: 'give the decision_id of an answer to this credential, or use one that reads the log',
      })
    const rollback = await rollbackViewIn(deps.store, seen, deps.nowMs())
    const whole = explainedOf(seen, await byDigest(caller, policySetOf(seen)), rollback)
    const explained = readsLog(caller) ? whole : asAnswered(whole)
    const told = { answer: explanationOf(explained), text: drawLadders(explained, headOf(seen), plainPaint) }
    await noteRead(deps, caller, { verb: 'explain', decision: decisionId })
    return told
  }
}

function readsLog(caller: Caller): boolean {
  return !isAgents(caller) && hasRoleFor(caller, 'read_audit')
}

/** Who reads the log sees every decision; an agent those about it; an enforcement point those that it was answered. */
function mayBeTold(caller: Caller, { record }: StoredRecord): boolean {
  if (record.kind !== 'decision') return false
  if (readsLog(caller)) return true
  if (isAgents(caller)) return record.agent === caller.agent
  return decisionBodyOf(record).facts.caller.credential === caller.credential
}

/** Without what the answer to the decision did not say: what would have been in another mode, and what did not look. */
function asAnswered({ decision, facts, risk, matrices, thresholds, bands, acting = [] }: Explained): Explained {
  return { decision, facts, risk, matrices, thresholds, bands, acting, would: null }
}

/** Matrix and thresholds by the digest of a policy set: the one in force, or a former one from the archive; undefined where it is gone. */
function createFormerSets({ store, policySet, restorePolicySet }: ExplainDeps) {
  const known = new Map<string, ExplainedBy>()
  const queue = new FairQueue({ atATimeMax: RESTORING_MAX, ofTenantMax: 1, waitingMax: EXPLANATIONS_WAITING_MAX }, tooMany)
  const restored = async (digest: string, restore: RestorePolicySet): Promise<ExplainedBy | undefined> => {
    const archive = await store.archived(digest)
    if (archive === undefined) return undefined
    const former = await restore(archive)
    closePolicies(former)
    const { matrices, settings, constants, catalogue } = former
    if (known.size >= FORMER_SETS_MAX) known.clear()
    known.set(digest, { matrices, settings, constants, catalogue })
    return known.get(digest)
  }
  return async (caller: Caller, digest: string): Promise<ExplainedBy | undefined> => {
    const inForce = policySet()
    if (inForce.digest === digest) return inForce
    const kept = known.get(digest)
    if (kept !== undefined || restorePolicySet === undefined) return kept
    // Whoever waited before may have asked for the same.
    return queue.run(caller, async () => known.get(digest) ?? restored(digest, restorePolicySet))
  }
}

function tooMany(waiting: number): ServiceError {
  const why = overLimit('for this credential there wait', 'reports.explanations_waiting_max', {
    max: EXPLANATIONS_WAITING_MAX,
    came: waiting + 1,
  })
  return new ServiceError('not_ready', why, { fix: 'ask again in a moment' })
}
