/** Whose records lose their values. At least one of agent, user and decision is given; several narrow it down. */
export type RecordSelection = {
  readonly tenant: string
  readonly agent?: string
  readonly user?: string
  readonly decisionId?: string
  /** Only these members, and what is inside them; all sealed members when not given. */
  readonly pointers?: readonly string[]
}
