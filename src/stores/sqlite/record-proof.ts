import { encodeBase64 } from '../../audit/base64.ts'
import { inclusionProof } from '../../audit/tree.ts'
import type { RecordProof } from '../../ledger/store.ts'
import type { Reader } from './reader.ts'
import type { SignedTreeHead } from './writer-protocol.ts'

/** A record's proof under a tree head; undefined where there is no such leaf. */
export function recordProof(reader: Reader, leafIndex: number, head: SignedTreeHead): RecordProof | undefined {
  const hash = reader.leafHash(leafIndex)
  if (hash === undefined) return undefined
  const path = inclusionProof(leafIndex, head.size, reader.node).map(encodeBase64)
  return { leafIndex, leafHash: encodeBase64(hash), path, checkpoint: head.note }
}
