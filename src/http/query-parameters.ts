import { z } from 'zod'

import { PAGE_RECORDS_MAX } from '../ledger/store.ts'
import { ID_CHARS_MAX } from '../model/request.ts'

/** Records or proposals one page holds when the query does not say. */
export const PAGE_RECORDS_DEFAULT = 100

/** An id as a query parameter. */
export const idParam = z.string().min(1).max(ID_CHARS_MAX)
/** A whole number as a query parameter. */
export const integerParam = z
  .string()
  .regex(/^\d{1,15}$/u, 'a whole number')
  .transform(Number)
/** How many records a page holds at most. */
export const limitParam = integerParam.pipe(z.int().min(1).max(PAGE_RECORDS_MAX)).optional()
/** A time as a query parameter. Any offset is accepted; records are compared in UTC. */
export const timeParam = z.iso.datetime({ offset: true }).transform((text) => new Date(text).toISOString())
