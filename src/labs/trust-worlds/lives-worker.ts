import { parentPort } from 'node:worker_threads'

import { type Job, livesOf } from './plan.ts'

/** A thread that lives the jobs it is sent, one after the other. */
parentPort?.on('message', (job: Job) => parentPort?.postMessage(livesOf(job)))
