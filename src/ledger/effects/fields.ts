import { z } from 'zod'

/** Who or what an effect is about, by its id. */
export const id = z.string().min(1).max(512)
/** A time, ms since 1970. */
export const atMs = z.int().nonnegative()
/** The rehearsal it belongs to; absent: it really happened here. */
export const rehearsal = z.string().max(64).optional()
