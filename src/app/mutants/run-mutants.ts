import { Worker } from 'node:worker_threads'

import type { ConfigFile } from '../../config/load-config.ts'
import type { LoadedCase } from '../../fixtures/load.ts'
import type { JudgedMutation, Mutation, MutationVerdict } from '../../fixtures/mutants/mutation.ts'
import type { PolicyTrace } from '../../fixtures/mutants/trace.ts'
import { ServiceError } from '../../format/error.ts'
import type { MutantsWork } from './mutants-worker.ts'
import { policyMutations } from './policy-mutations.ts'

/** Fewer mutations than this for a thread are not worth starting it. */
const MUTATIONS_PER_THREAD_MIN = 20

/** Cases that pass, what they asked of the policies, over how many threads the work is spread, and who is told how far it is. */
export type MutantsJob = {
  readonly cases: readonly LoadedCase[]
  readonly trace: PolicyTrace
  readonly threads: number
  readonly nowMs: number
  readonly onProgress: (done: number, total: number) => void
}

/**
 * Judges every mutation of the policies of a configuration by these cases, on threads. In the order of the mutations, whichever thread was
 * faster. Rejects with `bad_policy` where the policies cannot be read, with `io` if a thread dies.
 */
export async function runMutants(
  { config, root }: Pick<ConfigFile, 'config' | 'root'>,
  { cases, trace, threads, nowMs, onProgress }: MutantsJob,
): Promise<readonly JudgedMutation[]> {
  const mutations = await policyMutations({ config, root })
  const judged: JudgedMutation[] = []
  const work: MutantsWork = { config, root, nowMs, cases, trace }
  let next = 0
  let done = 0
  const one = async (): Promise<void> => {
    const worker = startWorker(work)
    try {
      for (let at = next++; at < mutations.length; at = next++) {
        const mutation = mutations[at] as Mutation
        judged[at] = { mutation, verdict: await answered(worker, mutation) }
        done += 1
        onProgress(done, mutations.length)
      }
    } finally {
      await worker.terminate()
    }
  }
  const count = Math.max(1, Math.min(threads, Math.ceil(mutations.length / MUTATIONS_PER_THREAD_MIN)))
  await Promise.all(Array.from({ length: mutations.length === 0 ? 0 : count }, one))
  return judged
}

function startWorker(work: MutantsWork): Worker {
  // The same code runs from TypeScript sources and from compiled files.
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return new Worker(new URL(`./mutants-worker.${extension}`, import.meta.url), { execArgv: [], workerData: work })
}

function answered(worker: Worker, mutation: Mutation): Promise<MutationVerdict> {
  return new Promise((resolve, reject) => {
    const died = (why: unknown): void =>
      reject(new ServiceError('io', `a thread that judges mutations has stopped: ${String(why)}`, { fix: 'run it again' }))
    worker.removeAllListeners()
    worker.once('message', resolve)
    worker.once('error', died)
    worker.once('exit', (code) => died(`it ended with ${code}`))
    worker.postMessage(mutation)
  })
}
