import { parseProof } from './proof.ts'
import { verifyInclusion } from './tree.ts'
import type { Findings } from './verify-findings.ts'
import { openHead, type SignedHead, type Trusted } from './verify-heads.ts'

/** What a caller kept: the text of a `.tlog-proof`, or the JSON of an answer with `decision_id` and `leaf_index`. */
export type Receipt = { readonly name: string; readonly text: string }

type Expected = {
  readonly name: string
  readonly leafIndex: number
  readonly holds: (hash: Uint8Array, id: string | undefined) => boolean
}

/** Compares receipts with the rows they are about. `heads` are the signed heads inside proofs. */
export type ReceiptCheck = {
  readonly heads: readonly SignedHead[]
  readonly row: (leafIndex: number, hash: Uint8Array, id: string | undefined) => void
  readonly finished: (size: number) => void
}

/** Reads receipts; those that cannot be read become findings. */
export function createReceiptCheck(receipts: readonly Receipt[], trusted: Trusted, findings: Findings): ReceiptCheck {
  const heads: SignedHead[] = []
  const expected = new Map<number, Expected[]>()
  const expect = (each: Expected): void => void expected.set(each.leafIndex, [...(expected.get(each.leafIndex) ?? []), each])
  for (const receipt of receipts) {
    const read = receipt.text.trimStart().startsWith('{') ? fromAnswer(receipt) : fromProof(receipt, trusted, findings, heads)
    if (typeof read === 'string') findings.add({ kind: 'receipt_differs', subject: receipt.name, message: read })
    else if (read !== undefined) expect(read)
  }
  return {
    heads: heads.sort((left, right) => left.size - right.size),
    row: (leafIndex, hash, id) => {
      for (const { name, holds } of expected.get(leafIndex) ?? []) {
        if (holds(hash, id)) continue
        findings.add({
          kind: 'receipt_differs',
          leafIndex,
          subject: name,
          message: 'Another record stands where this receipt saw its own.',
        })
      }
      expected.delete(leafIndex)
    },
    finished: (size) => {
      for (const { name, leafIndex } of [...expected.values()].flat()) {
        const message = `The receipt is for record ${leafIndex}, but there are ${size}: the newest were cut off.`
        findings.add({ kind: 'truncated', leafIndex, subject: name, message })
      }
    },
  }
}

function fromProof(
  { name, text }: Receipt,
  trusted: Trusted,
  findings: Findings,
  heads: SignedHead[],
): Expected | string | undefined {
  const parsed = parseProof(text)
  if (!parsed.ok) return parsed.error.message
  const { index, hashes, checkpoint } = parsed.proof
  const head = openHead({ name, note: checkpoint }, trusted, findings)
  if (head === undefined) return undefined
  heads.push(head)
  const { size, root } = head
  return { name, leafIndex: index, holds: (leafHash) => verifyInclusion({ index, size, root, leafHash, proof: hashes }) }
}

function fromAnswer({ name, text }: Receipt): Expected | string {
  try {
    const { decision_id: id, leaf_index: leafIndex } = JSON.parse(text) as Readonly<Record<string, unknown>>
    if (typeof id === 'string' && Number.isSafeInteger(leafIndex))
      return { name, leafIndex: leafIndex as number, holds: (_hash, found) => found === id }
  } catch {
    // Said below.
  }
  return 'A receipt is a tlog-proof, or an answer in JSON with decision_id and leaf_index.'
}
