import { type Leaf, leavesOf } from './json-leaves.ts'
import { type DecidedDigest, SHAPES_MAX } from './observation.ts'

/** Longest text that is looked at for its kind, characters. */
const TEXT_CHARS_MAX = 4_096
const IDENTIFIER = /^[\p{L}\p{N}_.:/@-]*$/u
const DIGITS = /^\d+$/u
const ADDRESS = /^[^\s@]{1,128}@([^\s@]{1,253})$/u
const URL_HOST = /^[a-z]{2,10}:\/\/([^\s/?#]{1,253})/iu

/**
 * The shapes of an action's arguments, hashed: for each leaf its path, type, magnitude, and for addresses and links the host. No value is kept but as
 * part of a hash, and of values only hosts are. Sorted, at most 64; null without arguments.
 */
export function shapesOf(action: string, value: unknown): DecidedDigest['shapes'] {
  if (value === undefined) return null
  const { leaves, complete } = leavesOf(value)
  const hashes = [...new Set(leaves.map((leaf) => hash32(`${action}\n${leaf.path}\n${shapeOf(leaf)}`)))].sort((a, b) => a - b)
  return { hashes: hashes.slice(0, SHAPES_MAX), complete: complete && hashes.length <= SHAPES_MAX }
}

/** The shape of one value, as a text. */
function shapeOf({ value }: Leaf): string {
  if (typeof value === 'string') return shapeOfText(value)
  if (typeof value === 'number') return `number:${Math.sign(value)}:${magnitude(Math.abs(value))}`
  return `${typeof value}:${String(value)}`
}

function shapeOfText(text: string): string {
  const looked = text.slice(0, TEXT_CHARS_MAX)
  const host = ADDRESS.exec(looked)?.[1] ?? URL_HOST.exec(looked)?.[1]
  if (host !== undefined) return `host:${host.toLowerCase()}`
  const kind = DIGITS.test(looked) ? 'digits' : IDENTIFIER.test(looked) ? 'identifier' : 'text'
  return `${kind}:${magnitude(text.length)}`
}

/** Decimal digits before the point. */
function magnitude(amount: number): number {
  return amount < 1 ? 0 : 1 + Math.floor(Math.log10(amount))
}

const MIX_B = 0xc2b2_ae35

const MIX_A = 0x85eb_ca6b

const FNV_PRIME = 0x0100_0193

const FNV_OFFSET = 0x811c_9dc5

/** 32-bit hash of a text (FNV-1a over UTF-16 code units, mixed as in MurmurHash3). It tells equal from different; it protects nothing. */
export function hash32(text: string): number {
  let hash = FNV_OFFSET
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), FNV_PRIME)
  hash = Math.imul(hash ^ (hash >>> 16), MIX_A)
  hash = Math.imul(hash ^ (hash >>> 13), MIX_B)
  return (hash ^ (hash >>> 16)) >>> 0
}
