import { type Command, Option } from 'commander'

import { ServiceError } from '../../format/error.ts'
import { RECORD_KINDS, type RecordKind } from '../../ledger/record.ts'
import type { RecordQuery } from '../../ledger/store.ts'
import { parseTime, sinceTime } from '../support/option-values.ts'
import { collect } from '../support/options.ts'

/** Which records; every filter given has to hold. */
export type RecordFilter = {
  readonly tenant: string | undefined
  readonly kind: readonly string[]
  readonly agent: string | undefined
  readonly user: string | undefined
  readonly action: string | undefined
  readonly outcome: string | undefined
  readonly decision: string | undefined
  readonly since: string | undefined
  readonly until: string | undefined
}

/** The options that choose records. */
export function recordFilterOptions(command: Command): Command {
  return command
    .option('--tenant <tenant>', 'of this tenant')
    .addOption(new Option('--kind <kind>', 'of this kind; may be repeated').choices(RECORD_KINDS).argParser(collect).default([]))
    .option('--agent <id>', 'about this agent')
    .option('--user <id>', 'about this person')
    .option('--action <name>', 'about this action')
    .option('--outcome <outcome>', 'with this outcome')
    .option('--decision <id>', 'about this decision')
    .option('--since <time>', 'from this time on (ISO 8601), or for so long until now, such as 7d')
    .option('--until <time>', 'before this time (ISO 8601)')
}

/** The filter as the store takes it. Throws `usage` for a kind or time that is none. */
export function recordQuery(filter: RecordFilter, nowMs: number): Omit<RecordQuery, 'limit'> {
  const { tenant, agent, user, action, outcome, decision: decisionId } = filter
  const kinds = filter.kind.map((name): RecordKind => {
    const kind = RECORD_KINDS.find((known) => known === name)
    if (kind === undefined)
      throw new ServiceError('usage', `"${name}" is not a kind of record`, { fix: `one of ${RECORD_KINDS.join(', ')}` })
    return kind
  })
  const since = filter.since === undefined ? undefined : sinceTime(filter.since, nowMs)
  const until = filter.until === undefined ? undefined : parseTime(filter.until)
  const given = Object.entries({ tenant, agent, user, action, outcome, decisionId, since, until }).filter(
    ([, value]) => value !== undefined,
  )
  return { ...(Object.fromEntries(given) as Omit<RecordQuery, 'limit'>), ...(kinds.length === 0 ? {} : { kinds }) }
}
