import { splitNote } from '../audit/note.ts'
import { errorLine } from '../format/error.ts'
import type { Store } from '../ledger/store.ts'
import type { Observer } from '../model/observation.ts'
import type { WitnessAt } from './add-checkpoint.ts'
import { askWitness, type WitnessVerdict } from './ask-witness.ts'
import { keepNote, keptSize } from './kept-notes.ts'
import { type PlaceAt, type Posted, postTo, type SignedCheckpoint, writeInto } from './post-checkpoint.ts'

/** A witness under its name in the configuration. */
export type NamedWitness = WitnessAt & { readonly id: string }
/** A place that keeps checkpoints, under its name in the configuration. */
export type NamedPlace = { readonly id: string } & (PlaceAt | { readonly folder: string })

/** What sending needs. */
export type SendDeps = {
  readonly store: Pick<Store, 'growth' | 'size'>
  readonly witnesses: readonly NamedWitness[]
  readonly places: readonly NamedPlace[]
  /** Where the newest cosigned checkpoint of each witness is kept; null for a store in memory. */
  readonly dataDir: string | null
  readonly fetch: typeof fetch
  readonly observe: Observer
  readonly warn: (line: string) => void
}

/** What sends checkpoints to witnesses and places. */
export type CheckpointSender = {
  /** One round: the newest checkpoint to every witness, then with their signatures to every place that has not got it. Never rejects. */
  readonly send: () => Promise<void>
  /** What of the log somebody else vouches for and the log does not have: an older state of it runs, or another log. */
  readonly warnings: () => readonly string[]
  /** Ends what is under way. */
  readonly stop: () => void
}

/** Where one receiver stands: how many records it has got, what it refuses to continue, and whether its last failure was told. */
type Standing = { size: number; refusal: string | undefined; failing: boolean }

type Sending = SendDeps & { readonly standings: ReadonlyMap<string, Standing>; readonly signal: AbortSignal }

/** A sender for the witnesses and places of a configuration. It only reads the log, and nothing waits for it. */
export function createCheckpointSender(deps: SendDeps): CheckpointSender {
  const { witnesses, places, dataDir } = deps
  const ended = new AbortController()
  const standings = new Map<string, Standing>()
  for (const { id } of witnesses) standings.set(id, newStanding(dataDir === null ? 0 : keptSize(dataDir, id)))
  for (const { id } of places) standings.set(id, newStanding(0))
  const sending: Sending = { ...deps, standings, signal: ended.signal }
  return {
    send: async () => {
      if (standings.size === 0) return
      try {
        await sendAll(sending)
      } catch (error) {
        if (!ended.signal.aborted) deps.warn(`checkpoints: ${errorLine(error)}`)
      }
    },
    warnings: () => [...standings.values()].flatMap(({ refusal }) => refusal ?? []),
    stop: () => ended.abort(),
  }
}

function newStanding(size: number): Standing {
  return { size, refusal: undefined, failing: false }
}

async function sendAll(sending: Sending): Promise<void> {
  const { store, witnesses, places, standings, observe } = sending
  const newest = await store.growth(0)
  if (newest === undefined || newest.size === 0) return
  const text = splitNote(newest.checkpoint)?.text ?? ''
  const lines = await Promise.all(witnesses.map((witness) => cosign(sending, witness)))
  // A witness may have signed a newer one meanwhile: only what fits this text is put under it.
  const note = `${newest.checkpoint}${lines.flatMap((signed) => (signed?.text === text ? `${signed.line}\n` : [])).join('')}`
  const checkpoint = { size: newest.size, text, note }
  await Promise.all(places.map((place) => keep(sending, place, checkpoint)))
  for (const [id, { size }] of standings) observe({ kind: 'checkpoint_lag', to: id, records: Math.max(0, store.size() - size) })
}

/** Has a witness sign the newest checkpoint, and keeps what it signed. */
async function cosign(
  sending: Sending,
  witness: NamedWitness,
): Promise<{ readonly text: string; readonly line: string } | undefined> {
  const { store, dataDir } = sending
  const standing = standingOf(sending, witness.id)
  const verdict = await askWitness(store, witness, standing.size, sending)
  if (verdict.kind !== 'cosigned') {
    tell(sending, witness.id, verdict)
    return undefined
  }
  const { checkpoint, size, line } = verdict
  if (dataDir !== null) await keepNote(dataDir, witness.id, `${checkpoint}${line}\n`)
  Object.assign(standing, { size, refusal: undefined })
  tell(sending, witness.id, verdict)
  return { text: splitNote(checkpoint)?.text ?? '', line }
}

async function keep(sending: Sending, place: NamedPlace, checkpoint: SignedCheckpoint): Promise<void> {
  const standing = standingOf(sending, place.id)
  if (standing.size === checkpoint.size) return
  const posted = 'folder' in place ? await writeInto(place.folder, checkpoint) : await postTo(place, checkpoint, sending)
  if (posted.kind === 'kept') standing.size = checkpoint.size
  tell(sending, place.id, posted)
}

function standingOf({ standings }: Sending, id: string): Standing {
  const standing = standings.get(id)
  if (standing === undefined) throw new TypeError(`nothing is sent to ${id}`)
  return standing
}

const RESULTS = {
  cosigned: 'sent',
  kept: 'sent',
  knows: 'failed',
  failed: 'failed',
  refuses: 'refused',
  larger: 'refused',
  differs: 'refused',
} as const satisfies Record<(WitnessVerdict | Posted)['kind'], 'sent' | 'failed' | 'refused'>

/** Counts what became of one attempt; the first failure in a row is told, and every refusal that is new. */
function tell(sending: Sending, id: string, answer: WitnessVerdict | Posted): void {
  const { observe, warn, signal } = sending
  if (signal.aborted) return
  const standing = standingOf(sending, id)
  const result = RESULTS[answer.kind]
  observe({ kind: 'checkpoint', to: id, result })
  if (result === 'refused') {
    const refusal = refusalOf(id, answer)
    if (standing.refusal !== refusal) warn(refusal)
    standing.refusal = refusal
  }
  if (result === 'failed' && !standing.failing) warn(`checkpoints to "${id}": ${whyOf(answer)}; it is tried again`)
  if (result === 'sent' && standing.failing) warn(`checkpoints to "${id}" arrive again`)
  standing.failing = result === 'failed'
}

function refusalOf(id: string, answer: WitnessVerdict | Posted): string {
  const found =
    answer.kind === 'larger'
      ? `vouched for ${answer.size} records, and the log has ${answer.own}: an older state of it was put back`
      : answer.kind === 'differs'
        ? 'holds another checkpoint of this size: the log is not the one that was kept there'
        : 'vouched for records that this log does not continue: it was rewritten, or is another one'
  return `"${id}" ${found}; keep the data directory as it is and run "gradus audit verify --ask-witnesses"`
}

function whyOf(answer: WitnessVerdict | Posted): string {
  if (answer.kind === 'failed') return answer.why
  return 'it says again that it has another checkpoint than the one asked for: somebody else sends to it'
}
