/** Types of the parts of the reference model that tests use. */
export type ReferenceLayer = { r: number; s: number; q: number; t: number; tp: number; tn: number }
export declare const DEFAULTS: Readonly<Record<string, unknown>>
export declare function replay(events: readonly unknown[], readAt: number, cfg?: unknown): Record<string, unknown>
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
