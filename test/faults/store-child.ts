import { writeSync } from 'node:fs'

import { ServiceError } from '../../src/format/error.ts'
import { createSqliteStore } from '../../src/stores/sqlite/sqlite-store.ts'
import { contain, projectSome, record } from '../stores/records.ts'

/** A process that writes to a store until it is killed or fails. Prints `ack N` once record N is durable, `error CODE MESSAGE`. */
const [dataDir = '', first = '1', checkpointFile] = process.argv.slice(2)
const WRITERS = 32
const say = (line: string): void => void writeSync(1, `${line}\n`)
const sayError = (error: unknown): void => {
  if (error instanceof ServiceError) say(`error ${error.code} ${error.message} FIX ${error.fix ?? ''}`)
  else say(`error bug ${String(error)}`)
}

try {
  const store = await createSqliteStore({
    dataDir,
    project: projectSome,
    origin: 'gradus.test/audit',
    checkpointIntervalMs: 50,
    nowMs: Date.now,
    checkpointFile,
  })
  say('open')
  let next = Number(first)
  const write = async (): Promise<void> => {
    for (;;) {
      const number = next
      next += 1
      const effects = [contain(`c${number % 10}`)]
      await store.transact([], (transaction) =>
        transaction.append({ record: record(number, { effects, body: { text: 'x'.repeat(2_000) } }) }),
      )
      say(`ack ${number}`)
    }
  }
  const ends = await Promise.allSettled(Array.from({ length: WRITERS }, write))
  for (const end of ends) if (end.status === 'rejected') sayError(end.reason)
  await store.transact([], (transaction) => transaction.append({ record: record(next) })).catch(sayError)
  await store.close()
} catch (error) {
  sayError(error)
}
