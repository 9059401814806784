import fc from 'fast-check'
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { decodeBase64, encodeBase64 } from '../../src/audit/base64.ts'
import {
  appendLeaves,
  consistencyProof,
  EMPTY_FRONTIER,
  EMPTY_ROOT,
  frontierAt,
  frontierFromJson,
  frontierRoot,
  frontierToJson,
  hashesEqual,
  inclusionProof,
  leafHash,
  nodeHash,
  rootAt,
  treeRoot,
  verifyConsistency,
  verifyInclusion,
  type NodeLookup,
} from '../../src/audit/tree.ts'

const unhex = (text: string): Uint8Array => Buffer.from(text, 'hex')
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const sha256 = (...parts: Uint8Array[]): Uint8Array => createHash('sha256').update(Buffer.concat(parts)).digest()

/** The definitions of RFC 6962, 2.1, word for word: the slow reference. */
const reference = {
  split(count: number): number {
    let power = 1
    while (power * 2 < count) power *= 2
    return power
  },
  root(entries: readonly Uint8Array[]): Uint8Array {
    if (entries.length === 0) return sha256()
    if (entries.length === 1) return sha256(Buffer.of(0), entries[0]!)
    const k = reference.split(entries.length)
    return sha256(Buffer.of(1), reference.root(entries.slice(0, k)), reference.root(entries.slice(k)))
  },
  path(m: number, entries: readonly Uint8Array[]): Uint8Array[] {
    if (entries.length === 1) return []
    const k = reference.split(entries.length)
    return m < k
      ? [...reference.path(m, entries.slice(0, k)), reference.root(entries.slice(k))]
      : [...reference.path(m - k, entries.slice(k)), reference.root(entries.slice(0, k))]
  },
  subproof(m: number, entries: readonly Uint8Array[], isWhole: boolean): Uint8Array[] {
    if (m === entries.length) return isWhole ? [] : [reference.root(entries)]
    const k = reference.split(entries.length)
    return m <= k
      ? [...reference.subproof(m, entries.slice(0, k), isWhole), reference.root(entries.slice(k))]
      : [...reference.subproof(m - k, entries.slice(k), false), reference.root(entries.slice(0, k))]
  },
}

/** A log that keeps every complete subtree. */
function grown(entries: readonly Uint8Array[]): { node: NodeLookup; root: Uint8Array } {
  const nodes = new Map<string, Uint8Array>()
  const frontier = appendLeaves(EMPTY_FRONTIER, entries.map(leafHash), (level, index, hash) => {
    expect(nodes.has(`${level}/${index}`)).toBe(false)
    nodes.set(`${level}/${index}`, hash)
  })
  const node: NodeLookup = (level, index) => {
    const found = nodes.get(`${level}/${index}`)
    if (found === undefined) throw new Error(`no node ${level}/${index}`)
    return found
  }
  return { node, root: frontierRoot(frontier) }
}

const numbered = (count: number): Uint8Array[] => Array.from({ length: count }, (_, index) => Buffer.from(`entry ${index}`))

// The leaves and tree heads of the Certificate Transparency reference tests.
const CT_ENTRIES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map(unhex)
const CT_ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]

describe('the tree', () => {
  it('has the published roots, from the list, from the frontier and from stored nodes', () => {
    const { node } = grown(CT_ENTRIES)
    expect(hex(EMPTY_ROOT)).toBe(CT_ROOTS[0])
    for (const [size, root] of CT_ROOTS.entries()) {
      expect(hex(treeRoot(CT_ENTRIES.slice(0, size).map(leafHash)))).toBe(root)
      expect(hex(rootAt(size, node))).toBe(root)
    }
  })

  it('has the published proofs', () => {
    const { node } = grown(CT_ENTRIES)
    expect(inclusionProof(0, 8, node).map(hex)).toEqual([
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ])
    expect(inclusionProof(5, 8, node).map(hex)).toEqual([
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ])
    expect(consistencyProof(2, 8, node).map(hex)).toEqual([
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ])
    expect(consistencyProof(6, 8, node).map(hex)).toEqual([
      '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ])
  })

  it('agrees with the definitions of RFC 6962 for every leaf and every pair of sizes up to 40', () => {
    const entries = numbered(40)
    const { node } = grown(entries)
    for (let size = 0; size <= entries.length; size += 1) {
      const now = entries.slice(0, size)
      const root = reference.root(now)
      expect(hex(rootAt(size, node))).toBe(hex(root))
      for (const [index, entry] of now.entries()) {
        const proof = inclusionProof(index, size, node)
        expect(proof.map(hex)).toEqual(reference.path(index, now).map(hex))
        expect(verifyInclusion({ index, size, leafHash: leafHash(entry), root, proof })).toBe(true)
      }
      for (let first = 0; first <= size; first += 1) {
        const proof = consistencyProof(first, size, node)
        const expected = first === 0 ? [] : reference.subproof(first, now, true)
        expect(proof.map(hex)).toEqual(expected.map(hex))
        const firstRoot = reference.root(entries.slice(0, first))
        expect(verifyConsistency({ firstSize: first, firstRoot, secondSize: size, secondRoot: root, proof })).toBe(true)
      }
    }
  })

  it('grows the same whether leaves are appended one by one, in batches, or from a stored frontier', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 12 }), (batches) => {
        const total = batches.reduce((sum, batch) => sum + batch, 0)
        const leaves = numbered(total).map(leafHash)
        let frontier = EMPTY_FRONTIER
        for (const batch of batches) {
          frontier = appendLeaves(frontier, leaves.slice(frontier.size, frontier.size + batch))
          frontier = frontierFromJson(JSON.parse(JSON.stringify(frontierToJson(frontier))))!
        }
        expect(frontier.size).toBe(total)
        expect(frontier.hashes.length).toBeLessThanOrEqual(Math.ceil(Math.log2(total + 1)))
        expect(frontierRoot(frontier)).toEqual(treeRoot(leaves))
        expect(frontierToJson(frontierAt(total, grown(numbered(total)).node))).toEqual(frontierToJson(frontier))
      }),
      { numRuns: 50 },
    )
  })

  it('leaves the frontier that it appends to as it was', () => {
    const first = appendLeaves(EMPTY_FRONTIER, numbered(3).map(leafHash))
    const root = frontierRoot(first)
    appendLeaves(first, numbered(5).map(leafHash))
    expect(frontierRoot(first)).toEqual(root)
  })

  it('tells a leaf that imitates an inner node from that node', () => {
    const [left, right] = numbered(2).map(leafHash)
    expect(hex(leafHash(Buffer.concat([left!, right!])))).not.toBe(hex(nodeHash(left!, right!)))
  })
})

describe('verification', () => {
  const size = 13
  const entries = numbered(size)
  const { node, root } = grown(entries)

  it('refuses an inclusion proof as soon as any part of it is changed', () => {
    const flip = fc.record({ index: fc.nat(size - 1), at: fc.nat(31), bit: fc.nat(7), part: fc.nat(100), other: fc.nat(20) })
    fc.assert(
      fc.property(flip, ({ index, at, bit, part, other }) => {
        const proof = inclusionProof(index, size, node)
        const claim = { index, size, leafHash: leafHash(entries[index]!), root, proof }
        const flipped = (bytes: Uint8Array): Uint8Array => bytes.map((byte, place) => (place === at ? byte ^ (1 << bit) : byte))
        const changed = part % proof.length
        const hashes = proof.map((hash, place) => (place === changed ? flipped(hash) : hash))
        expect(verifyInclusion(claim)).toBe(true)
        expect(verifyInclusion({ ...claim, proof: hashes })).toBe(false)
        expect(verifyInclusion({ ...claim, root: flipped(root) })).toBe(false)
        expect(verifyInclusion({ ...claim, leafHash: flipped(claim.leafHash) })).toBe(false)
        expect(verifyInclusion({ ...claim, proof: proof.slice(1) })).toBe(false)
        expect(verifyInclusion({ ...claim, proof: [...proof, root] })).toBe(false)
        expect(verifyInclusion({ ...claim, index: other })).toBe(other === index)
      }),
      { numRuns: 300 },
    )
  })

  it('refuses an inclusion claim that cannot be', () => {
    const claim = { index: 2, size, leafHash: leafHash(entries[2]!), root, proof: inclusionProof(2, size, node) }
    const wrong = [
      { index: -1 },
      { index: 0.5 },
      { index: size },
      { size: 0 },
      { size: 2 ** 53 },
      { size: NaN },
      { root: root.subarray(1) },
    ]
    for (const part of wrong) expect(verifyInclusion({ ...claim, ...part })).toBe(false)
    expect(verifyInclusion({ ...claim, leafHash: new Uint8Array(31) })).toBe(false)
    expect(verifyInclusion({ ...claim, proof: claim.proof.map((hash) => hash.subarray(1)) })).toBe(false)
  })

  it('refuses a consistency proof as soon as any part of it is changed', () => {
    const flip = fc.record({ first: fc.integer({ min: 1, max: size - 1 }), at: fc.nat(31), bit: fc.nat(7), part: fc.nat(100) })
    fc.assert(
      fc.property(flip, ({ first, at, bit, part }) => {
        const proof = consistencyProof(first, size, node)
        const claim = { firstSize: first, firstRoot: rootAt(first, node), secondSize: size, secondRoot: root, proof }
        const flipped = (bytes: Uint8Array): Uint8Array => bytes.map((byte, place) => (place === at ? byte ^ (1 << bit) : byte))
        const changed = part % proof.length
        expect(verifyConsistency(claim)).toBe(true)
        expect(
          verifyConsistency({ ...claim, proof: proof.map((hash, place) => (place === changed ? flipped(hash) : hash)) }),
        ).toBe(false)
        expect(verifyConsistency({ ...claim, firstRoot: flipped(claim.firstRoot) })).toBe(false)
        expect(verifyConsistency({ ...claim, secondRoot: flipped(root) })).toBe(false)
        expect(verifyConsistency({ ...claim, proof: proof.slice(1) })).toBe(false)
        expect(verifyConsistency({ ...claim, proof: [...proof, root] })).toBe(false)
        expect(verifyConsistency({ ...claim, proof: [] })).toBe(false)
      }),
      { numRuns: 300 },
    )
  })

  it('notices a rewritten history', () => {
    const rewritten = grown(entries.map((entry, index) => (index === 3 ? Buffer.from('forged') : entry)))
    const claim = { firstSize: 7, firstRoot: rootAt(7, node), secondSize: size, secondRoot: rewritten.root }
    expect(verifyConsistency({ ...claim, proof: consistencyProof(7, size, rewritten.node) })).toBe(false)
  })

  it('refuses a consistency claim that cannot be', () => {
    const claim = {
      firstSize: 5,
      firstRoot: rootAt(5, node),
      secondSize: size,
      secondRoot: root,
      proof: consistencyProof(5, size, node),
    }
    const wrong = [
      { firstSize: -1 },
      { firstSize: 14 },
      { secondSize: 1.5 },
      { firstRoot: root.subarray(1) },
      { proof: [root.subarray(1)] },
    ]
    for (const part of wrong) expect(verifyConsistency({ ...claim, ...part })).toBe(false)
    const same = { firstSize: size, firstRoot: root, secondSize: size, secondRoot: root, proof: [] }
    expect(verifyConsistency(same)).toBe(true)
    expect(verifyConsistency({ ...same, proof: [root] })).toBe(false)
    expect(verifyConsistency({ ...same, firstRoot: EMPTY_ROOT })).toBe(false)
    const empty = { firstSize: 0, firstRoot: EMPTY_ROOT, secondSize: size, secondRoot: root, proof: [] }
    expect(verifyConsistency(empty)).toBe(true)
    expect(verifyConsistency({ ...empty, proof: [root] })).toBe(false)
    expect(verifyConsistency({ ...empty, firstRoot: root })).toBe(false)
  })
})

describe('limits of the tree', () => {
  /** A tree whose leaves are all the same, so that it can be of any size. */
  const leaf = leafHash(Buffer.from('again'))
  const levels = Array.from({ length: 50 }).reduce<Uint8Array[]>(
    (below) => [...below, nodeHash(below.at(-1)!, below.at(-1)!)],
    [leaf],
  )
  const nowhere: NodeLookup = (level) => levels[level]!

  it('proves and verifies in trees of more than 2^32 leaves', () => {
    const size = 2 ** 40 + 2 ** 33 + 5
    const root = rootAt(size, nowhere)
    for (const index of [0, 2 ** 33 + 12_345, 2 ** 40, size - 1]) {
      const proof = inclusionProof(index, size, nowhere)
      expect(verifyInclusion({ index, size, leafHash: leaf, root, proof })).toBe(true)
      expect(verifyInclusion({ index, size: 2 * size, leafHash: leaf, root, proof })).toBe(false)
    }
    for (const firstSize of [1, 2 ** 40, 2 ** 40 + 2 ** 33 + 1]) {
      const proof = consistencyProof(firstSize, size, nowhere)
      const claim = { firstSize, firstRoot: rootAt(firstSize, nowhere), secondSize: size, secondRoot: root, proof }
      expect(verifyConsistency(claim)).toBe(true)
      expect(verifyConsistency({ ...claim, secondRoot: leaf })).toBe(false)
    }
  })

  it('refuses sizes and indices that are none', () => {
    expect(() => rootAt(-1, nowhere)).toThrow(RangeError)
    expect(() => rootAt(2 ** 53, nowhere)).toThrow(RangeError)
    for (const index of [-1, 3, 0.5])
      expect(() => inclusionProof(index, 3, nowhere)).toThrow(`No leaf ${index} in a tree of 3 leaves`)
    for (const first of [-1, 4, 0.5])
      expect(() => consistencyProof(first, 3, nowhere)).toThrow('A tree of 3 leaves cannot continue')
  })

  it('refuses a stored frontier that is none', () => {
    const json = frontierToJson(appendLeaves(EMPTY_FRONTIER, numbered(5).map(leafHash)))
    expect(frontierFromJson(json)).toBeDefined()
    expect(frontierFromJson({ ...json, size: 7 })).toBeUndefined()
    expect(frontierFromJson({ ...json, size: -1 })).toBeUndefined()
    expect(frontierFromJson({ size: 1, hashes: ['AAAA'] })).toBeUndefined()
    expect(frontierFromJson({ size: 5, hashes: [...json.hashes, '!'] })).toBeUndefined()
  })

  it('compares hashes by content and length', () => {
    expect(hashesEqual(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true)
    expect(hashesEqual(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false)
    expect(hashesEqual(Uint8Array.of(1), Uint8Array.of(1, 2))).toBe(false)
  })
})

describe('Base 64', () => {
  it('reads exactly what it writes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => hex(decodeBase64(encodeBase64(bytes))!) === hex(bytes)))
  })

  it.each(['A', 'AA', 'AAA', 'AB==', 'AA==\n', ' AA==', 'A-__', 'AA=A'])('refuses %j', (text) => {
    expect(decodeBase64(text)).toBeUndefined()
  })
})
