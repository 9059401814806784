import { randomBytes } from 'node:crypto'
import { readlinkSync } from 'node:fs'
import { setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'

import { invariant, ServiceError } from '../../format/error.ts'
import { uuidv7 } from '../../format/uuid.ts'
import { isFault } from '../../http/exchange.ts'
import { createAsideReader } from '../../http/native/read-aside.ts'
import { closePolicies } from '../../policy/activation.ts'
import type { PolicySet } from '../../policy/policy-set.ts'
import { restorePolicySet } from '../../rego/assemble-policy-set.ts'
import { createReadingService } from '../../service/create-service.ts'
import { openReadOnlyStore, type ReadOnlyStore } from '../../stores/sqlite/read-only-store.ts'
import { proofText } from '../compose.ts'
import type { ReaderAnswer, ReaderOptions, ReaderRequest, SentError } from './reader-protocol.ts'
import { currentReading, reading, type ReadingJob, readingStore } from './reading-store.ts'

/** Policy sets that are kept at a time; the one in force is nearly always the one asked for. */
const POLICY_SETS_MAX = 4
/** What a thread that decides is ahead of this one for the scheduler, where the system can tell threads apart. */
const NICENESS = 5

/** The thread that reads: jobs take turns, at each step of their own. Whoever has left is read for no further. */
function serve({ dataDir }: ReaderOptions): void {
  const port = parentPort
  invariant(port !== null, 'the reader runs in a worker thread')
  standBehind()
  const perform = createPerform(openReadOnlyStore(dataDir))
  const jobs = new Map<number, AbortController>()
  port.on('message', (asked: ReaderRequest) => {
    const { job } = asked
    if (asked.kind === 'leave') {
      jobs.get(job)?.abort(new ServiceError('not_ready', 'nobody waits for the answer any more'))
      return
    }
    const leaving = new AbortController()
    jobs.set(job, leaving)
    void perform(asked, leaving.signal)
      .catch((error: unknown): ReaderAnswer => ({ kind: 'error', job, error: sentError(error) }))
      .then((answer) => {
        jobs.delete(job)
        port.postMessage(answer, answer.kind === 'reply' ? [answer.bytes.buffer as ArrayBuffer] : [])
      })
  })
}

type ReadRequest = Extract<ReaderRequest, { kind: 'read' }>

/** Answers jobs with a service of this thread. */
function createPerform(store: ReadOnlyStore): (asked: ReadRequest, left: AbortSignal) => Promise<ReaderAnswer> {
  const policySetOf = policySets(store)
  const nowMs = (): number => currentReading().nowMs
  const service = createReadingService({
    store: readingStore(store),
    clock: { nowMs, steady: () => true },
    newId: uuidv7(nowMs, (bytes) => randomBytes(bytes)),
    policySet: () => currentReading().policySet,
    restorePolicySet,
    formatProof: proofText,
  })
  const read = createAsideReader(service)
  return async ({ job, endpoint, exchange, ...asked }, left) => {
    const notes: ReadingJob['notes'] = []
    const current: ReadingJob = { left, nowMs: asked.nowMs, policySet: await policySetOf(asked.policySet), notes }
    const answer = await reading.run(current, () => read(endpoint, exchange, left))
    if (isFault(answer)) return { kind: 'fault', job, fault: answer, notes }
    const { status, type, headers, body } = answer
    const reply = { status, type, ...(headers === undefined ? {} : { headers }) }
    return { kind: 'reply', job, reply, bytes: new TextEncoder().encode(body), notes }
  }
}

/** ReadingJob waits for the processor where decisions want it. Only Linux tells threads apart; elsewhere nothing is lost but this. */
function standBehind(): void {
  try {
    const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1))
    if (Number.isSafeInteger(thread) && thread > 0) setPriority(thread, NICENESS)
  } catch {
    return
  }
}

/** Policy sets by digest, from the archive: what decisions stand on, without the policies themselves. */
function policySets(store: ReadOnlyStore): (digest: string) => Promise<PolicySet> {
  const kept = new Map<string, Promise<PolicySet>>()
  const restored = async (digest: string): Promise<PolicySet> => {
    const archive = await store.archived(digest)
    if (archive === undefined) throw new ServiceError('not_ready', 'the policy set in force is not in the archive yet')
    const policySet = await restorePolicySet(archive)
    closePolicies(policySet)
    return policySet
  }
  return (digest) => {
    const known = kept.get(digest)
    if (known !== undefined) return known
    if (kept.size >= POLICY_SETS_MAX) kept.clear()
    const coming = restored(digest)
    kept.set(digest, coming)
    coming.catch(() => kept.delete(digest))
    return coming
  }
}

function sentError(error: unknown): SentError {
  if (error instanceof ServiceError) {
    const { code, message, stack, fix, place } = error
    return { code, message, stack, fix, place }
  }
  const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined }
  return { code: null, message, stack, fix: undefined, place: {} }
}

serve(workerData as ReaderOptions)
