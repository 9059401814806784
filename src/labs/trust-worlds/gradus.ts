import { judge } from '../../evidence/raters/judge.ts'
import { atItsTime } from '../../evidence/rules/event-time.ts'
import { DAY_MS, HOUR_MS } from '../../format/time.ts'
import { mayRun } from '../../lattice/outcome-order.ts'
import type { Effect } from '../../ledger/effect.ts'
import { LEVELS } from '../../model/level.ts'
import { OUTCOME_CLASSES, type OutcomeClass, SIGNAL_CLASSES, type SignalClass } from '../../model/outcome-classes.ts'
import type { RiskBand } from '../../model/outcome.ts'
import type { ScopeKey } from '../../model/scope.ts'
import type { TrustConstants } from '../../trust/constants.ts'
import { promotionGates } from '../../trust/promotion.ts'
import { outstandingLimit } from '../../trust/score-scale.ts'
import { NO_HEAT, scopeOf, withScope } from '../../trust/stored-trust.ts'
import { scopeView } from '../../trust/trust-view.ts'
import { AGENT, newLedger, scopeFor, TENANT, type TrustLedger } from './ledger.ts'
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
/** An action that nobody verified gives its slot back after so long, and was missed. */
const VERIFY_WITHIN_MS = DAY_MS

type Open = { readonly action: number; readonly scope: ScopeKey; readonly untilMs: number }

/**
 * The product: its own weighing of verdicts within the limits on raters, fold of effects, ladder, incidents, ceilings and matrix decide;
 * nothing of it is written here again. A person signs every promotion whose other gates are passed.
 */
export function createGradus(constants: TrustConstants, ablation: Ablation = {}): SimulatedPolicy {
  return new Gradus(constants, ablation)
}

class Gradus implements SimulatedPolicy {
  readonly #constants: TrustConstants
  readonly #ablation: Ablation
  readonly #ledger: TrustLedger
  #open: readonly Open[] = []
  #verified: readonly Open[] = []
  #ids = 0
  #unreviewed: string | undefined
  #nextHourMs = 0
  /** The last answer, until something changes: a world asks more than once. */
  #lastAnswer: { readonly band: RiskBand; readonly atMs: number; readonly answer: Answer } | undefined

  constructor(constants: TrustConstants, ablation: Ablation) {
    this.#constants = constants
    this.#ablation = ablation
    this.#ledger = newLedger(constants)
  }

  decide(band: RiskBand, atMs: number): Answer {
    const last = this.#lastAnswer
    if (last?.band === band && last.atMs === atMs) return last.answer
    const answer = this.#answerTo(band, atMs)
    this.#lastAnswer = { band, atMs, answer }
    return answer
  }

  ran({ action, band, decidedAtMs }: SimulatedSubject): void {
    if (band === 'read') return
    this.#lastAnswer = undefined
    this.#open = [...this.#open, { action, scope: scopeFor(band), untilMs: decidedAtMs + VERIFY_WITHIN_MS }]
  }

  hear(label: Label): void {
    const { layer, class: named, source, by, atMs } = label
    const judged = this.#ledger.judged(label)
    const gravity = layer === 'outcome' ? OUTCOME_CLASSES[named as OutcomeClass] : SIGNAL_CLASSES[named as SignalClass]
    const verdict = atItsTime({ layer, class: named, gravity, source, by, event_time_ms: atMs }, judged)
    const context = {
      tenant: TENANT,
      nowMs: atMs,
      decisionId: judged.decision_id,
      knowsCanaries: false,
      untrustedJudge: false,
      newId: () => `hold-${++this.#ids}`,
    }
    this.#apply(judge(judged, verdict, context, this.#ledger.view).effects, atMs)
    if (layer !== 'outcome') return
    this.#verified = [...this.#verified, ...this.#open.filter(({ action }) => action === label.action)]
    this.#open = this.#open.filter(({ action }) => action !== label.action)
  }

  injection(atMs: number): void {
    if (this.#unreviewed !== undefined) return
    this.#unreviewed = `injection-${++this.#ids}`
    const { cap, reach, review } = this.#constants.incident_rules.injection_suspected
    const incident = { id: this.#unreviewed, class: 'injection_suspected', reach, scope: null, cap: cap ?? 0, review } as const
    this.#apply([{ kind: 'incident', agent: AGENT, incident }], atMs)
  }

  reviewed(atMs: number): void {
    if (this.#unreviewed === undefined) return
    this.#apply([{ kind: 'review', agent: AGENT, incident_id: this.#unreviewed, false_positive: false }], atMs)
    this.#unreviewed = undefined
  }

  advance(atMs: number): void {
    if (atMs < this.#nextHourMs) return
    this.#nextHourMs = atMs + HOUR_MS
    this.#lastAnswer = undefined
    this.#ledger.resolveHolds(atMs)
    const missed = this.#open.filter(({ untilMs }) => untilMs <= atMs)
    this.#open = this.#open.filter(({ untilMs }) => untilMs > atMs)
    for (const scope of SCOPES) {
      const count = (of: readonly Open[]): number => of.filter((one) => one.scope === scope).length
      const [verified, missing] = [count(this.#verified), count(missed)]
      if (verified + missing > 0) this.#apply([{ kind: 'coverage', agent: AGENT, scope, verified, missed: missing }], atMs)
      this.#apply(this.#promotion(scope, atMs), atMs)
    }
    this.#verified = []
  }

  renamed(): void {
    this.#ledger.forget()
    this.#lastAnswer = undefined
    this.#open = []
    this.#verified = []
    this.#unreviewed = undefined
  }

  #apply(effects: readonly Effect[], atMs: number): void {
    const ledger = this.#ledger
    this.#lastAnswer = undefined
    ledger.apply(effects, atMs)
    if (this.#ablation.withoutAgentHeat === true && ledger.trust().heat.q > 0)
      ledger.putTrust({ ...ledger.trust(), heat: NO_HEAT })
  }

  #answerTo(band: RiskBand, atMs: number): Answer {
    const scope = scopeFor(band)
    const ceilings = this.#ledger.ceilings(scope, atMs)
    const view = scopeView(this.#ledger.trust(), scope, { nowMs: atMs, ceilings }, this.#constants)
    const standing = concededAt(view.level_effective, band)
    if (band === 'read' || !mayRun(standing)) return { standing, outcome: standing }
    const outstanding = this.#open.filter((one) => one.scope === scope && one.untilMs > atMs).length
    return { standing, outcome: outstanding >= outstandingLimit(view.score, this.#constants) ? 'require_approval' : standing }
  }

  /** One rung up, if every gate is passed. */
  #promotion(scope: ScopeKey, atMs: number): readonly Effect[] {
    const ledger = this.#ledger
    const trust = ledger.trust()
    const { ladder } = scopeOf(trust, scope)
    const level = LEVELS[ladder.level + 1]
    // Without the count, every other gate is in vain; most hours end here.
    if (level === undefined || ladder.k < this.#constants.count_min[level]) return []
    const waives = this.#ablation.withoutEvidenceGate === true
    const passing = waives
      ? withScope(trust, scope, { ...scopeOf(trust, scope), ladder: { ...ladder, e: Number.MAX_VALUE } })
      : trust
    const request = { nowMs: atMs, human: true, ceilings: ledger.ceilings(scope, atMs) }
    if (!promotionGates(passing, scope, request, this.#constants).every(({ passed }) => passed)) return []
    if (waives) ledger.putTrust(passing)
    return [{ kind: 'promote', agent: AGENT, scope, level, human: true, at_ms: atMs }]
  }
}
