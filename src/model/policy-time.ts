/** Time as policies see it: from the decision's one timestamp, UTC, never from a clock of their own. */
export type PolicyTime = {
  readonly epoch_ms: number
  readonly iso: string
  /** 0–23 UTC. */
  readonly hour: number
  /** 0 Sunday – 6 Saturday, UTC. */
  readonly weekday: number
}

/** The decision's one timestamp as policies read it. */
export function policyTime(epochMs: number): PolicyTime {
  const date = new Date(epochMs)
  return { epoch_ms: epochMs, iso: date.toISOString(), hour: date.getUTCHours(), weekday: date.getUTCDay() }
}
