/** Types of the parts of the reference model that tests use. */
export type ReferenceLayer = { r: number; s: number; q: number; t: number; tp: number; tn: number }
export declare const DEFAULTS: Readonly<Record<string, unknown>>
export declare function replay(events: readonly unknown[], readAt: number, cfg?: unknown): Record<string, unknown>
export declare function reachOf(blast: number, irreversibility: number, cfg?: unknown): number
export declare function failureWeight(
  failure: {
    severity: string
    source: string
    stake: string
    self_flagged?: boolean
    blast: number
    irreversibility: number
  },
  cfg?: unknown,
): { kappa: number; weight: number }
export declare function failUpper(r: number, s: number, W?: number): number
export declare function failLower(r: number, s: number, W?: number): number
export declare function phi(U: number, cfg?: unknown): number
export declare function phiInv(T: number, cfg?: unknown): number
export declare function newLayer(): ReferenceLayer
export declare function addEvidence(L: ReferenceLayer, pos: boolean, w: number, te: number, cfg?: unknown): ReferenceLayer
export declare function layerTrust(
  L: ReferenceLayer,
  now: number,
  cfg?: unknown,
  prior?: { r: number; s: number; tp: number },
): { T: number; ev: number; heat: number; fresh: number; r: number; s: number }
export declare function backoff(
  others: readonly ReferenceLayer[],
  now: number,
  cfg?: unknown,
): { r: number; s: number; tp: number }
/** A history on its way: state of the scope, ladder, processing time (ms), what can be given back. */
export type ReferenceHistory = {
  S: {
    layers: Record<string, ReferenceLayer>
    incidents: { id: string; cap: number; review: string; from: number; c: number; t: number }[]
    agentHeat: { q: number; tn: number }
  }
  g: ReferenceLadder
  now: number
  undo: Map<string, { before: ReferenceLadder; struckAt: number }>
  promotions: string[]
}
export type ReferenceLadder = {
  level: number
  k: number
  e: number
  since: number
  kGrant: number[]
  strikes: number
  struckAt: number
  restarts: number
}
export declare function begin(): ReferenceHistory
export declare function step(history: ReferenceHistory, event: unknown, cfg?: unknown): ReferenceHistory
export declare function summary(history: ReferenceHistory, readAt: number, cfg?: unknown): Record<string, unknown>
export declare function score(
  S: ReferenceHistory['S'],
  now: number,
  cfg?: unknown,
): { T: number; demotion: number; incidentCap: number }
