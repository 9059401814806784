import { z } from 'zod'

import { REASON_CHARS_MAX } from './ceiling.ts'
import { ID_CHARS_MAX } from './request.ts'

/** An id on the wire: of an agent, a decision, a record. */
export const WireId = z.string().min(1).max(ID_CHARS_MAX)
/** A time on the wire: ISO 8601, UTC. */
export const WireTime = z.iso.datetime()
/** A share or a score, 0–1. */
export const WireShare = z.number().min(0).max(1)
/** What a person writes about a verb; not empty. */
export const WireNote = z.string().trim().min(1).max(REASON_CHARS_MAX)
/** A remark that may be empty. */
export const WireComment = z.string().max(REASON_CHARS_MAX)
/** Free detail that the caller attaches; kept in the record, sealed. */
export const WireDetail = z.json()
