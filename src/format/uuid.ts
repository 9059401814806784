/** Random bytes one identifier takes. */
const UUID_RANDOM_BYTES = 10
/** Latest time a UUIDv7 can hold, in milliseconds since 1970. */
export const UUID_TIME_MS_MAX = 2 ** 48 - 1

const COUNTER_MAX = 0xfff
/** A fresh counter leaves its top bit free, so that at least 2,048 identifiers fit into one millisecond. */
const COUNTER_SEED_MASK = 0x7ff
const TIME_HEX_CHARS = 12
const COUNTER_HEX_CHARS = 3
const TIME_HIGH_HEX_CHARS = 8
const VARIANT = 0x80
const VARIANT_MASK = 0x3f
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** Makes the next UUIDv7; a time given here is used instead of the clock. */
export type UuidSource = (atMs?: number) => string

/**
 * A source of UUIDv7 (RFC 9562, 5.7) in strictly rising order: the counter of method 1 in `rand_a`, 62 random bits after it.
 * A clock that stands or steps back keeps the last time. Throws a RangeError for a time that is not a whole number of
 * milliseconds from 0 to `UUID_TIME_MS_MAX`, and for a `random` that gives too few bytes.
 */
export function uuidv7(nowMs: () => number, random: (bytes: number) => Uint8Array): UuidSource {
  let lastMs = -1
  let counter = 0
  return (atMs = nowMs()) => {
    if (!(Number.isInteger(atMs) && atMs >= 0 && atMs <= UUID_TIME_MS_MAX)) {
      throw new RangeError(`A UUIDv7 needs a time from 0 to ${UUID_TIME_MS_MAX} ms, got ${atMs}`)
    }
    const bytes = random(UUID_RANDOM_BYTES)
    if (bytes.length < UUID_RANDOM_BYTES)
      throw new RangeError(`A UUIDv7 needs ${UUID_RANDOM_BYTES} random bytes, got ${bytes.length}`)
    const seed = ((byteAt(bytes, 8) << 8) | byteAt(bytes, 9)) & COUNTER_SEED_MASK
    if (atMs > lastMs) [lastMs, counter] = [atMs, seed]
    else if (counter < COUNTER_MAX) counter += 1
    else [lastMs, counter] = [lastMs + 1, seed]
    return format(lastMs, counter, bytes)
  }
}

function format(timeMs: number, counter: number, bytes: Uint8Array): string {
  const time = timeMs.toString(16).padStart(TIME_HEX_CHARS, '0')
  const low = counter.toString(16).padStart(COUNTER_HEX_CHARS, '0')
  const hex = (index: number): string => HEX[byteAt(bytes, index)] as string
  const variant = HEX[(byteAt(bytes, 0) & VARIANT_MASK) | VARIANT] as string
  const node = `${hex(2)}${hex(3)}${hex(4)}${hex(5)}${hex(6)}${hex(7)}`
  return `${time.slice(0, TIME_HIGH_HEX_CHARS)}-${time.slice(TIME_HIGH_HEX_CHARS)}-7${low}-${variant}${hex(1)}-${node}`
}

function byteAt(bytes: Uint8Array, index: number): number {
  return bytes[index] as number
}
