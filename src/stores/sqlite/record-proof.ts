import { encodeBase64 } from '../../audit/base64.ts'
import { consistencyProof, inclusionProof } from '../../audit/tree.ts'
import type { RecordProof, TreeGrowth } from '../../ledger/store.ts'
import type { Reader } from './reader.ts'
import type { SignedTreeHead } from './writer-protocol.ts'

/** A record's proof under a tree head; undefined where there is no such leaf. */
export function recordProof(reader: Reader, leafIndex: number, head: SignedTreeHead): RecordProof | undefined {
  const hash = reader.leafHash(leafIndex)
  if (hash === undefined) return undefined
  const path = inclusionProof(leafIndex, head.size, reader.node).map(encodeBase64)
  return { leafIndex, leafHash: encodeBase64(hash), path, checkpoint: head.note }
}

/** That the tree of a head continues that of so many leaves; undefined where it has fewer. */
export function treeGrowth(reader: Pick<Reader, 'node'>, from: number, { size, note }: SignedTreeHead): TreeGrowth | undefined {
  if (from > size) return undefined
  return { size, checkpoint: note, path: consistencyProof(from, size, reader.node).map(encodeBase64) }
}
