import type { EffectOf } from '../../ledger/effect.ts'
import { isRater } from '../../trust/raters.ts'
import type { Judged, Verdict, Weighed } from './weighing.ts'

type VerdictEffect = EffectOf<'verdict'>
type EvidenceEffect = EffectOf<'evidence'>

/** What a verdict comes to; what is not said counts for nothing. */
export type VerdictSums = Partial<
  Pick<VerdictEffect, 'positive' | 'negative' | 'kappa' | 'counted' | 'factual' | 'self_flagged' | 'claim' | 'rater'>
>

/** The effect by which a verdict is remembered with its decision. */
export function verdictEffect(judged: Judged, verdict: Verdict, sums: VerdictSums): VerdictEffect {
  return {
    kind: 'verdict',
    decision_id: judged.decision_id,
    layer: verdict.layer,
    source: verdict.by,
    class: verdict.class,
    event_time_ms: verdict.event_time_ms,
    positive: 0,
    negative: 0,
    factual: false,
    self_flagged: false,
    ...sums,
  }
}

/** Recorded and remembered, without weight. */
export function recordWithoutWeight(judged: Judged, verdict: Verdict, reason: string): Weighed {
  return { effects: [verdictEffect(judged, verdict, {})], counted: false, reason }
}

/** How many units a source says the decision was a success by, and whether that rests on the word of a rater. */
export function claimOf({ source }: Verdict, claim: number): Pick<VerdictSums, 'claim' | 'rater'> {
  return claim > 0 ? { claim, ...(isRater(source) ? { rater: true } : {}) } : {}
}

/** What evidence weighs, and how the ladder counts it. */
export type EvidenceWeight = Pick<
  EvidenceEffect,
  'polarity' | 'weight' | 'total' | 'kappa' | 'kappa_counted' | 'counts' | 'tracked'
> & { readonly self_flagged?: boolean }

/** A verdict as evidence about the agent. */
export function evidenceEffect(judged: Judged, verdict: Verdict, weight: EvidenceWeight): EvidenceEffect {
  return {
    kind: 'evidence',
    agent: judged.agent,
    scope: judged.scope,
    layer: verdict.layer,
    event_time_ms: verdict.event_time_ms,
    verifier: verdict.by,
    self_flagged: false,
    blast: judged.blast,
    decision_id: judged.decision_id,
    ...movedTool(judged),
    ...onlyReads(judged),
    ...weight,
  }
}

/** That an effect is about a read in a scope whose tools only read. */
export function onlyReads({ only_reads }: Judged): { readonly only_reads?: true } {
  return only_reads === undefined ? {} : { only_reads }
}

/** The tool of an effect, where it moved to another scope. */
export function movedTool({ moved_tool }: Judged): { readonly tool?: string } {
  return moved_tool === undefined ? {} : { tool: moved_tool }
}
