import { uuidv7 } from '../format/uuid.ts'
import { type DataDirOptions, dataPlace } from './data-dir.ts'
import type { CliDeps } from './deps.ts'
import { EXIT_CODES, type ExitCode } from './exit-codes.ts'
import { localPerson } from './local-person.ts'
import { jsonText } from './output.ts'

/** Options of `gradus audit erase`. */
export type AuditEraseOptions = DataDirOptions & {
  readonly tenant: string
  readonly agent: string | undefined
  readonly user: string | undefined
  readonly decision: string | undefined
  readonly pointer: readonly string[]
  readonly reason: string
  readonly person: string | undefined
  readonly json: boolean
}

/** Removes the sealed values of the records selected; the log says so first, and every proof stays. Takes the lock of the data directory. */
export async function auditErase(deps: CliDeps, options: AuditEraseOptions): Promise<ExitCode> {
  const { tenant, agent, user, decision: decisionId, pointer } = options
  const { person: actor } = localPerson(deps, options, 'administrator', 'an erasure is ordered')
  const { loaded, dir } = await dataPlace(deps, options)
  const store = await deps.openStore(dir, 'write', loaded)
  try {
    const nowMs = deps.nowMs()
    const named = Object.fromEntries(Object.entries({ agent, user, decisionId }).filter(([, value]) => value !== undefined))
    const erasure = await deps.eraseRecords(
      store,
      { tenant, ...named, ...(pointer.length === 0 ? {} : { pointers: pointer }) },
      { id: uuidv7(() => nowMs, deps.random)(), at: new Date(nowMs).toISOString(), actor, reason: options.reason },
    )
    deps.stdout(
      options.json
        ? `${jsonText({ leaf_index: erasure.leafIndex, records: erasure.records, values: erasure.values })}\n`
        : `erased ${erasure.values} values of ${erasure.records} records; record ${erasure.leafIndex} says so\n`,
    )
    return EXIT_CODES.ok
  } finally {
    await store.close()
  }
}
