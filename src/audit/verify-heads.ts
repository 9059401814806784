import { SECOND_MS } from '../format/time.ts'
import type { Witnessed } from '../ledger/log-verification.ts'
import { type Cosignature, cosignatures, type WitnessKey } from './cosignature.ts'
import { type NoteReading, type NoteVerifier, openCheckpoint, splitNote } from './note.ts'
import { type Frontier, frontierRoot, hashesEqual } from './tree.ts'
import type { Findings } from './verify-findings.ts'

/** A signed tree head from somewhere: the store itself, the second place, a receipt. */
export type NamedHead = { readonly name: string; readonly note: string }

/** Who may have signed, and the log's name. */
export type Trusted = {
  readonly verifiers: readonly NoteVerifier[]
  readonly origin: string
  /** Witnesses whose signatures beside the log's count. */
  readonly witnesses?: readonly WitnessKey[]
}

/** A head whose signature is good. */
export type SignedHead = {
  readonly name: string
  readonly size: number
  readonly root: Uint8Array
  /** Who signed it beside the log, and when. */
  readonly cosigned: readonly Cosignature[]
}

/** Opens heads; those that do not verify become findings. Sorted by size. */
export function openHeads(heads: Iterable<NamedHead>, trusted: Trusted, findings: Findings): readonly SignedHead[] {
  const opened: SignedHead[] = []
  for (const { name, note } of heads) {
    const head = openHead({ name, note }, trusted, findings)
    if (head !== undefined) opened.push(head)
  }
  return opened.sort((left, right) => left.size - right.size)
}

/** Opens one head; one that does not verify becomes a finding. */
export function openHead({ name, note }: NamedHead, trusted: Trusted, findings: Findings): SignedHead | undefined {
  const reading = readHead(note, trusted)
  if (reading.ok) return { name, ...reading.head }
  findings.add({ kind: 'head_invalid', subject: name, message: reading.error.message })
  return undefined
}

function readHead(
  note: string,
  { verifiers, origin, witnesses = [] }: Trusted,
): NoteReading<{ readonly head: Omit<SignedHead, 'name'> }> {
  const opened = openCheckpoint(note, verifiers, origin)
  if (!opened.ok) return opened
  // Only a note that was opened is known to be of bounded size.
  const { text, lines } = splitNote(note) ?? { text: '', lines: [] }
  const beside = cosignatures(text, lines, witnesses)
  if (!beside.ok) return beside
  const { size, root } = opened.checkpoint
  return { ok: true, head: { size, root, cosigned: beside.found } }
}

/** What each witness vouches for at most, among heads that the log was compared with. */
export function witnessedBy(heads: readonly SignedHead[]): readonly Witnessed[] {
  const newest = new Map<string, Witnessed>()
  for (const { size, cosigned } of heads)
    for (const { name, atSeconds } of cosigned)
      if (size >= (newest.get(name)?.size ?? 0))
        newest.set(name, { name, size, at: new Date(atSeconds * SECOND_MS).toISOString() })
  return [...newest.values()]
}

/** Compares heads, which come in the order of their sizes, with the tree as it grows. Only the first that differs is a finding: all later ones must. */
export type HeadCheck = {
  readonly grown: (tree: Frontier) => void
  readonly finished: (size: number) => void
  readonly checked: () => number
  /** How many records the newest head seen so far covers. */
  readonly covered: () => number
}

/** A check of one source of heads. */
export function createHeadCheck(heads: Iterable<SignedHead>, findings: Findings): HeadCheck {
  const rest = heads[Symbol.iterator]()
  let next = rest.next()
  let lastGood = 0
  let differs = false
  let [checked, covered] = [0, 0]
  return {
    checked: () => checked,
    covered: () => covered,
    grown: (tree) => {
      for (; next.done !== true && next.value.size <= tree.size; next = rest.next()) {
        const { name, size, root } = next.value
        checked += 1
        covered = size
        if (differs || size < tree.size) continue
        if (hashesEqual(frontierRoot(tree), root)) {
          lastGood = size
          continue
        }
        differs = true
        const message = `The first ${size} records are not those whose tree was signed; what differs is among the records from ${lastGood} to ${size - 1}.`
        findings.add({ kind: 'head_differs', leafIndex: lastGood, subject: name, message })
      }
    },
    finished: (size) => {
      let missing: SignedHead | undefined
      for (; next.done !== true; next = rest.next()) missing = next.value
      if (missing === undefined) return
      const message = `There are ${size} records, but a tree of ${missing.size} was signed: the newest ${missing.size - size} were cut off.`
      findings.add({ kind: 'truncated', leafIndex: size, subject: missing.name, message })
    },
  }
}
