import { Worker } from 'node:worker_threads'

import { ServiceError } from '../../format/error.ts'
import type { Job } from './plan.ts'
import type { Life } from './tally.ts'

/** How many threads, and who is told how far it is. */
export type RunOptions = {
  readonly workers: number
  readonly onProgress: (done: number, total: number) => void
}

/** Lives all jobs on threads. The lives come in the order of the jobs, whichever thread was faster. Rejects with `io` if a thread dies. */
export async function runLives(jobs: readonly Job[], { workers, onProgress }: RunOptions): Promise<readonly (readonly Life[])[]> {
  const lives: (readonly Life[])[] = []
  let next = 0
  let done = 0
  const one = async (): Promise<void> => {
    const worker = startWorker()
    try {
      for (let at = next++; at < jobs.length; at = next++) {
        lives[at] = await answered(worker, jobs[at])
        done += 1
        onProgress(done, jobs.length)
      }
    } finally {
      await worker.terminate()
    }
  }
  await Promise.all(Array.from({ length: Math.min(workers, jobs.length) }, one))
  return lives
}

function startWorker(): Worker {
  // The same code runs from TypeScript sources and from compiled files.
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return new Worker(new URL(`./lives-worker.${extension}`, import.meta.url), { execArgv: [] })
}

function answered(worker: Worker, job: Job | undefined): Promise<readonly Life[]> {
  return new Promise((resolve, reject) => {
    const died = (why: unknown): void =>
      reject(new ServiceError('io', `a thread of the simulation has stopped: ${String(why)}`, { fix: 'run it again' }))
    worker.removeAllListeners()
    worker.once('message', resolve)
    worker.once('error', died)
    worker.once('exit', (code) => died(`it ended with ${code}`))
    worker.postMessage(job)
  })
}
