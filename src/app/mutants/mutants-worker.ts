import { parentPort, workerData } from 'node:worker_threads'

import type { Config } from '../../config/config.ts'
import type { project } from '../../ledger/fold/fold.ts'
import { judging } from '../../fixtures/mutants/judge.ts'
import type { Mutation } from '../../fixtures/mutants/mutation.ts'
import type { PolicyTrace } from '../../fixtures/mutants/trace.ts'
import type { LoadedCase } from '../../fixtures/load.ts'
import { swappableSet } from '../../rego/swappable-set.ts'
import { createMemoryStore } from '../../stores/memory/memory-store.ts'
import { proofText } from '../compose.ts'
import { cachedParts } from '../policy-sources.ts'
import { mutating } from './mutated-sets.ts'

/** What a thread that judges mutations is started with. */
export type MutantsWork = {
  readonly config: Config
  readonly root: string
  readonly nowMs: number
  readonly cases: readonly LoadedCase[]
  readonly trace: PolicyTrace
}

const EPHEMERAL_ORIGIN = 'gradus.local/ephemeral'

/** A thread that judges the mutations it is sent, one after the other. */
async function work({ config, root, nowMs, cases, trace }: MutantsWork): Promise<void> {
  const parts = await cachedParts({ config, root })
  const judge = judging({
    cases,
    trace,
    mutate: mutating(parts, await swappableSet(parts, nowMs)),
    deps: {
      openMemoryStore: (projector: typeof project) => createMemoryStore({ project: projector, origin: EPHEMERAL_ORIGIN }),
      formatProof: proofText,
      elapsed: () => performance.now() / 1_000,
    },
  })
  parentPort?.on('message', (mutation: Mutation) => void judge(mutation).then((verdict) => parentPort?.postMessage(verdict)))
}

await work(workerData as MutantsWork)
