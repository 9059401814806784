import { hash } from 'node:crypto'

import { decodeBase64, encodeBase64 } from './base64.ts'
import { half, HASH_BYTES, isHash, isSize, levelBelow, onesIn, requireSize, splitOf } from './tree-shape.ts'

/** The root of a tree without leaves: SHA-256 of nothing (RFC 6962, 2.1). */
export const EMPTY_ROOT: Uint8Array = sha256(new Uint8Array(0))

/** Hash of the complete subtree over the leaves `index × 2^level` up to `(index + 1) × 2^level`; throws when it is not there. */
export type NodeLookup = (level: number, index: number) => Uint8Array

/** Takes each complete subtree as soon as it is known: level 0 is the leaf itself. */
export type NodeSink = (level: number, index: number, hash: Uint8Array) => void

/** Everything an append needs: the roots of the complete subtrees that the leaves fall into, largest first. */
export type Frontier = { readonly size: number; readonly hashes: readonly Uint8Array[] }

/** A frontier as JSON; hashes in Base 64. */
export type FrontierJson = { readonly size: number; readonly hashes: readonly string[] }

/** The frontier of a tree without leaves. */
export const EMPTY_FRONTIER: Frontier = { size: 0, hashes: [] }

const LEAF_PREFIX = 0x00
const NODE_PREFIX = 0x01

function sha256(bytes: Uint8Array): Uint8Array {
  return hash('sha256', bytes, 'buffer')
}

/** Hash of a leaf: SHA-256(0x00 ‖ entry). */
export function leafHash(entry: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + entry.length)
  bytes[0] = LEAF_PREFIX
  bytes.set(entry, 1)
  return sha256(bytes)
}

/** Hash of an inner node: SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + HASH_BYTES + HASH_BYTES)
  bytes[0] = NODE_PREFIX
  bytes.set(left, 1)
  bytes.set(right, 1 + HASH_BYTES)
  return sha256(bytes)
}

/** Whether two hashes are equal. */
export function hashesEqual(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index])
}

/** Appends leaf hashes in order; `sink` receives every complete subtree that comes into being, leaves included. */
export function appendLeaves(frontier: Frontier, leafHashes: readonly Uint8Array[], sink?: NodeSink): Frontier {
  const hashes = [...frontier.hashes]
  let size = frontier.size
  for (const leaf of leafHashes) {
    let node = leaf
    let index = size
    sink?.(0, index, node)
    for (let level = 1; index % 2 === 1; level += 1) {
      node = nodeHash(hashes.pop() as Uint8Array, node)
      index = (index - 1) / 2
      sink?.(level, index, node)
    }
    hashes.push(node)
    size += 1
  }
  return { size, hashes }
}

/** The root of the tree that a frontier stands for. */
export function frontierRoot(frontier: Frontier): Uint8Array {
  return frontier.hashes.length === 0 ? EMPTY_ROOT : frontier.hashes.reduceRight((right, left) => nodeHash(left, right))
}

/** The root over a list of leaf hashes. */
export function treeRoot(leafHashes: readonly Uint8Array[]): Uint8Array {
  return frontierRoot(appendLeaves(EMPTY_FRONTIER, leafHashes))
}

/** The root of the tree when it had `size` leaves. */
export function rootAt(size: number, node: NodeLookup): Uint8Array {
  return frontierRoot(frontierAt(size, node))
}

/** The frontier of the tree when it had `size` leaves. */
export function frontierAt(size: number, node: NodeLookup): Frontier {
  requireSize(size)
  const hashes: Uint8Array[] = []
  for (let start = 0; start < size;) {
    const level = levelBelow(size - start)
    hashes.push(node(level, start / 2 ** level))
    start += 2 ** level
  }
  return { size, hashes }
}

/** A frontier as JSON, to be stored. */
export function frontierToJson(frontier: Frontier): FrontierJson {
  return { size: frontier.size, hashes: frontier.hashes.map(encodeBase64) }
}

/** A stored frontier; undefined when it is none (a size out of range, too many or too few hashes, a hash that is not 32 bytes). */
export function frontierFromJson(json: FrontierJson): Frontier | undefined {
  const hashes = json.hashes.map(decodeBase64).filter((each) => each?.length === HASH_BYTES) as Uint8Array[]
  const isWhole = isSize(json.size) && hashes.length === json.hashes.length && hashes.length === onesIn(json.size)
  return isWhole ? { size: json.size, hashes } : undefined
}

/** Inclusion proof of the leaf at `index` in the tree of `size` leaves, leaf's sibling first (RFC 6962, 2.1.1). */
export function inclusionProof(index: number, size: number, node: NodeLookup): Uint8Array[] {
  requireSize(size)
  if (!(Number.isInteger(index) && index >= 0 && index < size)) {
    throw new RangeError(`No leaf ${index} in a tree of ${size} leaves`)
  }
  const proof: Uint8Array[] = []
  for (let start = 0, end = size; end - start > 1;) {
    const split = start + splitOf(end - start)
    if (index < split) {
      proof.push(rangeHash(split, end, node))
      end = split
    } else {
      proof.push(rangeHash(start, split, node))
      start = split
    }
  }
  return proof.reverse()
}

/** Proof that the tree of `second` leaves continues the one of `first` (RFC 6962, 2.1.2); empty for first = 0 or equal sizes. */
export function consistencyProof(first: number, second: number, node: NodeLookup): Uint8Array[] {
  requireSize(second)
  if (!(isSize(first) && first <= second)) throw new RangeError(`A tree of ${second} leaves cannot continue one of ${first}`)
  if (first === 0 || first === second) return []
  const proof: Uint8Array[] = []
  let [start, end] = [0, second]
  while (end !== first) {
    const split = start + splitOf(end - start)
    if (first <= split) {
      proof.push(rangeHash(split, end, node))
      end = split
    } else {
      proof.push(rangeHash(start, split, node))
      start = split
    }
  }
  if (start !== 0) proof.push(rangeHash(start, end, node))
  return proof.reverse()
}

/** What an inclusion proof claims. */
export type InclusionClaim = {
  readonly index: number
  readonly size: number
  readonly leafHash: Uint8Array
  readonly root: Uint8Array
  readonly proof: readonly Uint8Array[]
}

/** Whether the proof shows that the leaf is at `index` of the tree with this size and root (RFC 9162, 2.1.3.2). */
export function verifyInclusion(claim: InclusionClaim): boolean {
  const { index, size, proof } = claim
  if (!isSize(size) || !isSize(index) || index >= size || !proof.every(isHash) || !isHash(claim.leafHash)) return false
  let [at, last, node] = [index, size - 1, claim.leafHash]
  for (const sibling of proof) {
    if (last === 0) return false
    if (at % 2 === 1 || at === last) {
      node = nodeHash(sibling, node)
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)]
    } else {
      node = nodeHash(node, sibling)
    }
    ;[at, last] = [half(at), half(last)]
  }
  return last === 0 && hashesEqual(node, claim.root)
}

/** What a consistency proof claims. */
export type ConsistencyClaim = {
  readonly firstSize: number
  readonly firstRoot: Uint8Array
  readonly secondSize: number
  readonly secondRoot: Uint8Array
  readonly proof: readonly Uint8Array[]
}

/** Whether the proof shows that the second tree continues the first (RFC 9162, 2.1.4.2). */
export function verifyConsistency(claim: ConsistencyClaim): boolean {
  const { firstSize, secondSize, firstRoot, secondRoot, proof } = claim
  if (!isSize(firstSize) || !isSize(secondSize) || firstSize > secondSize) return false
  if (!isHash(firstRoot) || !proof.every(isHash)) return false
  if (firstSize === secondSize) return proof.length === 0 && hashesEqual(firstRoot, secondRoot)
  if (firstSize === 0) return proof.length === 0 && hashesEqual(firstRoot, EMPTY_ROOT)
  const [seed, ...rest] = onesIn(firstSize) === 1 ? [firstRoot, ...proof] : proof
  if (seed === undefined) return false
  let [at, last] = [firstSize - 1, secondSize - 1]
  while (at % 2 === 1) [at, last] = [half(at), half(last)]
  let [first, second] = [seed, seed]
  for (const sibling of rest) {
    if (last === 0) return false
    if (at % 2 === 1 || at === last) {
      first = nodeHash(sibling, first)
      second = nodeHash(sibling, second)
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)]
    } else {
      second = nodeHash(second, sibling)
    }
    ;[at, last] = [half(at), half(last)]
  }
  return last === 0 && hashesEqual(first, firstRoot) && hashesEqual(second, secondRoot)
}

/** Root over the leaves from `start`, a multiple of the largest power of two in the range, up to `end`. */
function rangeHash(start: number, end: number, node: NodeLookup): Uint8Array {
  const level = levelBelow(end - start)
  const left = node(level, start / 2 ** level)
  const split = start + 2 ** level
  return split === end ? left : nodeHash(left, rangeHash(split, end, node))
}
