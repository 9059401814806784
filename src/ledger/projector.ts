import type { Effect } from './effect.ts'
import type { ProjectionState } from './fold/fold.ts'

/** The fold of effects into state (`project` of `ledger/fold/fold.ts`), as stores and the verifier are given it. */
export type Projector = (effects: readonly Effect[], nowMs: number, tenant: string, state: ProjectionState) => unknown
