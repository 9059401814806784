import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { Store } from '../../src/ledger/store.ts'
import type { Service } from '../../src/service/service.ts'

/** Everything a service answered and recorded, line by line, in the order in which it came. */
export type Transcript = { readonly write: (kind: string, value: unknown) => void; readonly digest: (name: string) => string }

/** Where whole transcripts are written for reading a difference; unset: nowhere. */
const FOLDER = process.env['GRADUS_TRANSCRIPTS']

/** An empty transcript. */
export function createTranscript(): Transcript {
  const lines: string[] = []
  return {
    write: (kind, value) => void lines.push(`${kind}\t${JSON.stringify(value)}`),
    digest: (name) => {
      const text = `${lines.join('\n')}\n`
      if (FOLDER !== undefined) {
        mkdirSync(FOLDER, { recursive: true })
        writeFileSync(join(FOLDER, `${name.replaceAll('/', '-')}.txt`), text)
      }
      return createHash('sha256').update(text).digest('hex')
    },
  }
}

/** Verbs under the names that the digests were made with. */
const LABELS: Readonly<Record<string, string>> = { ingestLog: 'takeLog', ingestSignal: 'takeSignal' }

/** A service whose every answer and refusal is written down, one call after the other. */
export function transcribed(service: Service, transcript: Transcript): Service {
  let last: Promise<unknown> = Promise.resolve()
  const entries = Object.entries(service).map(([verb, call]) => {
    const label = LABELS[verb] ?? verb
    if (typeof call !== 'function' || ['close', 'policySet', 'readiness'].includes(verb)) return [verb, call]
    const written = (...given: readonly unknown[]): Promise<unknown> => {
      const run = async (): Promise<unknown> => {
        try {
          const answer = await (call as (...all: readonly unknown[]) => Promise<unknown>)(...given)
          transcript.write(label, answer)
          return answer
        } catch (error) {
          transcript.write(`${label} refused`, (error as Error).message)
          throw error
        }
      }
      const next = last.then(run)
      last = next.catch(() => undefined)
      return next
    }
    return [verb, written]
  })
  return Object.fromEntries(entries) as Service
}

/** Writes down all records of a store and its signed tree head, which binds the bytes of every leaf. */
export async function transcribeLog(store: Store, transcript: Transcript): Promise<void> {
  let from = 0
  for (;;) {
    const page = await store.query({ from, limit: 500 })
    for (const stored of page) transcript.write('record', stored)
    const lastRead = page.at(-1)
    if (lastRead === undefined) break
    from = lastRead.leafIndex + 1
  }
  transcript.write('checkpoint', await store.checkpoint())
}
