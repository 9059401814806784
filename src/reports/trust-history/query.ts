import type { ScopeKey } from '../../model/scope.ts'

/** Which part of a history. */
export type TrustHistoryQuery = {
  readonly scope?: ScopeKey | undefined
  /** ISO 8601, inclusive: the first points are as of then. */
  readonly since?: string | undefined
  /** `next` of the page before. */
  readonly from?: number | undefined
  /** 1 to `HISTORY_POINTS_MAX`. */
  readonly limit: number
}

/** Points of one page when nobody says how many. */
export const HISTORY_POINTS_DEFAULT = 500
/** Most points of one page; the points of one record are never parted, so a page may hold a few more. */
export const HISTORY_POINTS_MAX = 2_000
