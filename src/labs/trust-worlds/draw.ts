/** What a number is drawn for. Each purpose has draws of its own, so that what one policy needs more of moves nothing else. */
const PURPOSES = [
  'time',
  'band',
  'bad',
  'caught',
  'verified',
  'delay',
  'noise',
  'behaviour',
  'context',
  'injection',
  'reviewer',
  'sample',
] as const
/** What a number is drawn for. */
export type Purpose = (typeof PURPOSES)[number]

/** The n-th number, 0 to below 1, for one purpose. The same numbers in whatever order they are asked for. */
export type Draw = (index: number, purpose: Purpose) => number

/** Scrambles 32 bits: the finalizer of MurmurHash3 (Appleby, public domain), a bijection in which every bit moves every other. */
function scramble(bits: number): number {
  let h = bits | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/** A name as 32 bits (FNV-1a over UTF-16 code units). */
function bitsOf(name: string): number {
  let h = 0x811c9dc5
  for (let at = 0; at < name.length; at++) h = Math.imul(h ^ name.charCodeAt(at), 0x01000193)
  return h
}

const GOLDEN = 0x9e3779b1

/**
 * The numbers of one agent in one world under one seed: a function of what they are for, not of how many were drawn before (a
 * counter-based generator), so every policy meets the same actions, mistakes, catches and delays.
 */
export function drawsOf(seed: number, world: string, agent: number): Draw {
  const key = scramble(scramble(scramble(seed) ^ bitsOf(world)) + Math.imul(agent + 1, GOLDEN))
  return (index, purpose) => {
    const lane = scramble(key ^ Math.imul(PURPOSES.indexOf(purpose) + 1, 0xc2b2ae3d))
    return (scramble(scramble(lane + Math.imul(index + 1, GOLDEN)) ^ key) >>> 0) / 0x1_0000_0000
  }
}
