import { decodeBase64 } from '../../src/audit/base64.ts'
import { formatProof } from '../../src/audit/proof.ts'
import { ServiceError } from '../../src/format/error.ts'
import type { Store } from '../../src/ledger/store.ts'

/** The `c2sp.org/tlog-proof@v1` text that a record is in the log. Throws `not_found` when it is not, or not under a signed head yet. */
export async function recordProof(store: Pick<Store, 'proof'>, leafIndex: number): Promise<string> {
  const proof = await store.proof(leafIndex)
  if (proof === undefined) {
    const fix = 'check the leaf index; a record just written is covered by the next signed tree head'
    throw new ServiceError('not_found', `No signed tree head covers a record ${leafIndex}`, { fix })
  }
  const hashes = proof.path.map((each) => decodeBase64(each) as Uint8Array)
  return formatProof({ index: leafIndex, hashes, checkpoint: proof.checkpoint })
}
