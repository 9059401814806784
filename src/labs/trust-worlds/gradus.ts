import { atItsTime } from '../../evidence/rules/event-time.ts'
import { judge } from '../../evidence/raters/judge.ts'
import { mayRun } from '../../lattice/outcome-order.ts'
import type { Effect } from '../../ledger/effect.ts'
import { LEVELS } from '../../model/level.ts'
import { OUTCOME_CLASSES, type OutcomeClass, SIGNAL_CLASSES, type SignalClass } from '../../model/outcome-classes.ts'
import type { RiskBand } from '../../model/outcome.ts'
import type { ScopeKey } from '../../model/scope.ts'
import { DAY_MS, type TrustConstants } from '../../trust/constants.ts'
import { NO_HEAT } from '../../trust/heat.ts'
import { outstandingLimit } from '../../trust/phi.ts'
import { promotionGates } from '../../trust/promotion.ts'
import { scopeOf, withScope } from '../../trust/state.ts'
import { scopeView } from '../../trust/view.ts'
import { AGENT, type TrustLedger, newLedger, scopeFor, TENANT } from './ledger.ts'
import { concededAt } from './matrix.ts'
import type { Answer, Label, SimulatedPolicy, SimulatedSubject } from './policy.ts'

/** What is left out of the product to see what it is good for. */
export type Ablation = {
  /** Promotion without the e-process: its gate is always passed. */
  readonly withoutEvidenceGate?: boolean
  /** Failures in one scope do not heat the others. */
  readonly withoutAgentHeat?: boolean
}

const SCOPES = [scopeFor('low'), scopeFor('medium')] as const
const HOUR_MS = DAY_MS / 24
/** An action that nobody verified gives its slot back after so long, and was missed. */
const VERIFY_WITHIN_MS = DAY_MS

type Open = { readonly action: number; readonly scope: ScopeKey; readonly untilMs: number }

/**
 * The product: its own weighing of verdicts within the limits on raters, fold of effects, ladder, incidents, ceilings and matrix decide;
 * nothing of it is written here again. A person signs every promotion whose other gates are passed.
 */
export function createGradus(constants: TrustConstants, ablation: Ablation = {}): SimulatedPolicy {
  const ledger = newLedger(constants)
  let open: readonly Open[] = []
  let verified: readonly Open[] = []
  let ids = 0
  let unreviewed: string | undefined
  let nextHourMs = 0
  let asked: { readonly band: RiskBand; readonly atMs: number; readonly answer: Answer } | undefined

  const apply = (effects: readonly Effect[], atMs: number): void => {
    asked = undefined
    ledger.apply(effects, atMs)
    if (ablation.withoutAgentHeat === true && ledger.trust().heat.q > 0) ledger.putTrust({ ...ledger.trust(), heat: NO_HEAT })
  }

  const answerTo = (band: RiskBand, atMs: number): Answer => {
    const scope = scopeFor(band)
    const ceilings = ledger.ceilings(scope, atMs)
    const view = scopeView(ledger.trust(), scope, { nowMs: atMs, ceilings }, constants)
    const standing = concededAt(view.level_effective, band)
    if (band === 'read' || !mayRun(standing)) return { standing, outcome: standing }
    const outstanding = open.filter((one) => one.scope === scope && one.untilMs > atMs).length
    return { standing, outcome: outstanding >= outstandingLimit(view.score, constants) ? 'require_approval' : standing }
  }
  const decide = (band: RiskBand, atMs: number): Answer => {
    if (asked?.band !== band || asked.atMs !== atMs) asked = { band, atMs, answer: answerTo(band, atMs) }
    return asked.answer
  }

  const ran = ({ action, band, decidedAtMs }: SimulatedSubject): void => {
    if (band === 'read') return
    asked = undefined
    open = [...open, { action, scope: scopeFor(band), untilMs: decidedAtMs + VERIFY_WITHIN_MS }]
  }

  const hear = (label: Label): void => {
    const { layer, class: named, source, by, atMs } = label
    const judged = ledger.judged(label)
    const gravity = layer === 'outcome' ? OUTCOME_CLASSES[named as OutcomeClass] : SIGNAL_CLASSES[named as SignalClass]
    const verdict = atItsTime({ layer, class: named, gravity, source, by, event_time_ms: atMs }, judged)
    const newId = (): string => `hold-${++ids}`
    const saying = {
      tenant: TENANT,
      nowMs: atMs,
      decisionId: judged.decision_id,
      knowsCanaries: false,
      untrustedJudge: false,
      newId,
    }
    apply(judge(judged, verdict, saying, ledger.view).effects, atMs)
    if (layer !== 'outcome') return
    verified = [...verified, ...open.filter(({ action }) => action === label.action)]
    open = open.filter(({ action }) => action !== label.action)
  }

  const injection = (atMs: number): void => {
    if (unreviewed !== undefined) return
    unreviewed = `injection-${++ids}`
    const { cap, reach, review } = constants.incident_rules.injection_suspected
    const incident = { id: unreviewed, class: 'injection_suspected', reach, scope: null, cap: cap ?? 0, review } as const
    apply([{ kind: 'incident', agent: AGENT, incident }], atMs)
  }
  const reviewed = (atMs: number): void => {
    if (unreviewed === undefined) return
    apply([{ kind: 'review', agent: AGENT, incident_id: unreviewed, false_positive: false }], atMs)
    unreviewed = undefined
  }

  const advance = (atMs: number): void => {
    if (atMs < nextHourMs) return
    nextHourMs = atMs + HOUR_MS
    asked = undefined
    ledger.resolveHolds(atMs)
    const missed = open.filter(({ untilMs }) => untilMs <= atMs)
    open = open.filter(({ untilMs }) => untilMs > atMs)
    for (const scope of SCOPES) {
      const count = (of: readonly Open[]): number => of.filter((one) => one.scope === scope).length
      if (count(verified) + count(missed) > 0)
        apply([{ kind: 'coverage', agent: AGENT, scope, verified: count(verified), missed: count(missed) }], atMs)
      apply(promotion(ledger, scope, atMs, constants, ablation), atMs)
    }
    verified = []
  }

  const renamed = (): void => {
    ledger.forget()
    asked = undefined
    open = []
    verified = []
    unreviewed = undefined
  }
  return { decide, ran, hear, injection, reviewed, advance, renamed }
}

/** One rung up, if every gate is passed. */
function promotion(
  ledger: TrustLedger,
  scope: ScopeKey,
  atMs: number,
  constants: TrustConstants,
  ablation: Ablation,
): readonly Effect[] {
  const trust = ledger.trust()
  const { ladder } = scopeOf(trust, scope)
  const level = LEVELS[ladder.level + 1]
  // Without the count, every other gate is in vain; most hours end here.
  if (level === undefined || ladder.k < constants.count_min[level]) return []
  const waives = ablation.withoutEvidenceGate === true
  const passing = waives
    ? withScope(trust, scope, { ...scopeOf(trust, scope), ladder: { ...ladder, e: Number.MAX_VALUE } })
    : trust
  const request = { nowMs: atMs, human: true, ceilings: ledger.ceilings(scope, atMs) }
  if (!promotionGates(passing, scope, request, constants).every(({ passed }) => passed)) return []
  if (waives) ledger.putTrust(passing)
  return [{ kind: 'promote', agent: AGENT, scope, level, human: true, at_ms: atMs }]
}
