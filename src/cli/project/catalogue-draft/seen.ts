import type { SeenAgent } from '../../../catalogue/draft.ts'
import type { SeenTool } from '../../../catalogue/seen-tool.ts'

/** What was seen. `decisions` null: it was no traffic. */
export type Seen = {
  readonly tools: readonly SeenTool[]
  readonly agents: readonly SeenAgent[]
  readonly decisions: number | null
  /** Decisions about names beyond those that are remembered. */
  readonly omitted: number
  readonly from: string
}
