import { z } from 'zod'

import type { StoredRecord } from '../../../ledger/store.ts'
import { type DataDirOptions, withStore } from '../../support/data-dir.ts'
import type { CliDeps } from '../../support/deps.ts'
import { sinceTime } from '../../support/option-values.ts'
import { progress } from '../../support/output.ts'
import type { Seen } from './seen.ts'

/** How many agents and types of resources of one action are named. */
const NAMED_MAX = 5

/** Most names that are remembered of one action. */
const REMEMBERED_MAX = 32

/** Most distinct actions, and most distinct agents, that are remembered; who asks can make names up. */
export const DRAFT_NAMES_MAX = 10_000

// Traffic

type Counted = { count: number; readonly agents: Set<string>; readonly resources: Set<string>; readonly arguments: Set<string> }

/** Which decisions are looked at. */
type TrafficOptions = DataDirOptions & {
  readonly tenant: string | undefined
  readonly since: string | undefined
  readonly json: boolean
}

/** The actions and agents that recorded decisions name, each with how often and by whom. */
export async function recordedNames(deps: CliDeps, options: TrafficOptions): Promise<Seen> {
  const { tenant } = options
  const since = options.since === undefined ? undefined : sinceTime(options.since, deps.nowMs())
  const tools = new Map<string, Counted>()
  const agents = new Map<string, number>()
  let decisions = 0
  let omitted = 0
  const bar = progress(deps, options.json)
  await withStore(deps, options, async (store) => {
    const query = {
      kinds: ['decision' as const],
      ...(tenant === undefined ? {} : { tenant }),
      ...(since === undefined ? {} : { since }),
    }
    for await (const stored of deps.walkRecords(store, query)) {
      decisions += 1
      if (!count(stored, tools, agents)) omitted += 1
      bar.show(`read ${decisions} decisions`)
    }
  })
  bar.end()
  return {
    tools: [...tools].map(([name, { count, ...sets }]) => ({
      name,
      count,
      agents: namesOf(sets.agents),
      resources: namesOf(sets.resources),
      arguments: [...sets.arguments].sort(),
    })),
    agents: [...agents].map(([id, count]) => ({ id, count })),
    decisions,
    omitted,
    from: `${decisions} recorded decisions`,
  }
}

function namesOf(names: ReadonlySet<string>): readonly string[] {
  const shown = [...names].slice(0, NAMED_MAX).sort()
  return names.size > NAMED_MAX ? [...shown, 'others'] : shown
}

/** Counts one decision; false where one of its names is beyond those that are remembered. */
function count({ record }: StoredRecord, tools: Map<string, Counted>, agents: Map<string, number>): boolean {
  const { action, agent } = record
  let all = true
  if (agent !== null) {
    if (agents.has(agent) || agents.size < DRAFT_NAMES_MAX) agents.set(agent, (agents.get(agent) ?? 0) + 1)
    else all = false
  }
  if (action === null) return all
  const found = tools.get(action)
  if (found === undefined && tools.size >= DRAFT_NAMES_MAX) return false
  const tool = found ?? { count: 0, agents: new Set(), resources: new Set(), arguments: new Set() }
  tools.set(action, tool)
  tool.count += 1
  const request = RecordedRequest.safeParse(record.body['request']).data
  if (agent !== null) remember(tool.agents, agent)
  if (request !== undefined) {
    remember(tool.resources, request.resource.type)
    for (const name of Object.keys(request.action.properties?.arguments ?? {})) remember(tool.arguments, name)
  }
  return all
}

function remember(names: Set<string>, name: string): void {
  if (names.size < REMEMBERED_MAX) names.add(name)
}

/** What of a recorded request is looked at; masked or erased parts are not there. */
const RecordedRequest = z.object({
  resource: z.object({ type: z.string() }),
  action: z.object({
    properties: z
      .object({ arguments: z.record(z.string(), z.unknown()).optional().catch(undefined) })
      .optional()
      .catch(undefined),
  }),
})
