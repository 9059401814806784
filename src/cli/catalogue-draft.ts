import { writeFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'

import { Document } from 'yaml'
import { z } from 'zod'

import type { CatalogueFile } from '../catalogue/catalogue-file.ts'
import {
  type CatalogueDraft,
  draftCatalogue,
  type DraftEntry,
  type SeenAgent,
  type SeenTool,
  UNREVIEWED,
} from '../catalogue/draft.ts'
import { ServiceError } from '../format/error.ts'
import type { StoredRecord } from '../ledger/store.ts'
import { type DataDirOptions, reading } from './data-dir.ts'
import type { CliDeps, LoadedConfig } from './deps.ts'
import { EXIT_CODES, type ExitCode } from './exit-codes.ts'
import { timeOf } from './given.ts'
import { readJsonFile } from './json-file.ts'
import { escapeLine, jsonText, progress, table } from './output.ts'

/** Where a draft comes from: the decisions of a data directory, or an MCP server's answer to `tools/list`. */
export const DRAFT_SOURCES = ['audit', 'mcp'] as const
/** Most distinct actions, and most distinct agents, that are remembered; who asks can make names up. */
export const DRAFT_NAMES_MAX = 10_000
/** Most tools of one list. */
const TOOLS_MAX = 10_000
/** How many agents and types of resources of one action are named. */
const NAMED_MAX = 5

/** Options of `gradus catalogue draft`. */
export type CatalogueDraftOptions = DataDirOptions & {
  readonly from: string
  /** The tool list of an MCP server. */
  readonly file: string | undefined
  readonly tenant: string | undefined
  readonly since: string | undefined
  readonly output: string | undefined
  readonly json: boolean
}

/** What was seen. `decisions` null: it was no traffic. */
type Seen = {
  readonly tools: readonly SeenTool[]
  readonly agents: readonly SeenAgent[]
  readonly decisions: number | null
  /** Decisions about names beyond those that are remembered. */
  readonly omitted: number
  readonly from: string
}

/** Proposes catalogue entries for what is not in the catalogue, in the worst class, marked for review. */
export async function catalogueDraft(deps: CliDeps, options: CatalogueDraftOptions): Promise<ExitCode> {
  const source = DRAFT_SOURCES.find((known) => known === options.from)
  if (source === undefined || (source === 'mcp') !== (options.file !== undefined))
    throw new ServiceError('usage', 'a draft comes from the audit log, or from a file with the tools of an MCP server', {
      fix: 'write "gradus catalogue draft", or "gradus catalogue draft --from mcp FILE"',
    })
  const loaded = await deps.loadConfig(options.config)
  const folder = join(resolve(loaded.root, loaded.config.policies), 'catalogue')
  const catalogue = await deps.readCatalogue(folder)
  const seen = source === 'mcp' ? await listed(deps, options.file ?? '') : await observed(deps, options)
  const draft = draftCatalogue(seen.tools, seen.agents, catalogue)
  if (options.json) deps.stdout(`${jsonText(asJson(draft, seen))}\n`)
  else {
    deps.stderr(summary(draft, seen, catalogue))
    if (draft.tools.length + draft.agents.length > 0) await give(deps, options, yamlOf(draft, seen, place(deps, loaded, folder)))
  }
  return EXIT_CODES.ok
}

async function give(deps: CliDeps, { output }: CatalogueDraftOptions, text: string): Promise<void> {
  if (output === undefined) {
    deps.stdout(text)
    return
  }
  await writeNewText(deps, output, text)
  deps.stdout(`${escapeLine(output)}\n`)
}

/** Writes a file that is not there yet. Throws `conflict` where it is. */
export async function writeNewText({ cwd }: Pick<CliDeps, 'cwd'>, file: string, text: string): Promise<void> {
  await writeFile(resolve(cwd, file), text, { flag: 'wx' }).catch((cause: unknown) => {
    const exists = (cause as NodeJS.ErrnoException).code === 'EEXIST'
    throw new ServiceError(
      exists ? 'conflict' : 'io',
      exists ? 'is there already' : `cannot be written: ${(cause as Error).message}`,
      {
        place: { file },
        fix: exists ? 'name another file; nothing is overwritten' : 'name a file in a folder that is there and writable',
        cause,
      },
    )
  })
}

function place({ cwd }: CliDeps, { file }: LoadedConfig, folder: string): string {
  return file === null ? folder : relative(cwd, folder) || '.'
}

// The tools of an MCP server

const flag = z.boolean().optional().catch(undefined)
const McpTool = z.object({
  name: z.string(),
  title: z.string().optional(),
  description: z.string().optional(),
  inputSchema: z.object({ properties: z.record(z.string(), z.unknown()).optional() }).optional(),
  annotations: z
    .object({
      title: z.string().optional(),
      readOnlyHint: flag,
      destructiveHint: flag,
      idempotentHint: flag,
      openWorldHint: flag,
    })
    .optional(),
})
const ToolList = z.object({ tools: z.array(McpTool).max(TOOLS_MAX), nextCursor: z.string().optional() })
/** The result of `tools/list`, or the whole JSON-RPC answer that holds it. */
const ToolListFile = z
  .object({ ...ToolList.partial().shape, result: ToolList.optional() })
  .refine(({ tools, result }) => tools !== undefined || result !== undefined, 'there is no list of tools')

async function listed(deps: CliDeps, file: string): Promise<Seen> {
  const answer = await readJsonFile(deps, file, ToolListFile, {
    fix: 'give what the server answers to tools/list: {"tools": [{"name": …, "annotations": …}]}',
  })
  const { tools = [], nextCursor } = answer.result ?? answer
  if (nextCursor !== undefined)
    deps.stderr('the list is not complete: it has a nextCursor, so the server has more tools than are in this file\n')
  return {
    tools: tools.map(({ name, title, description, inputSchema, annotations }) => ({
      name,
      description: description ?? title ?? annotations?.title,
      arguments: Object.keys(inputSchema?.properties ?? {}),
      hints: annotations,
    })),
    agents: [],
    decisions: null,
    omitted: 0,
    from: `the tool list ${file}`,
  }
}

// Traffic

type Counted = { count: number; readonly agents: Set<string>; readonly resources: Set<string>; readonly arguments: Set<string> }

async function observed(deps: CliDeps, options: CatalogueDraftOptions): Promise<Seen> {
  const { tenant } = options
  const since = options.since === undefined ? undefined : timeOf(options.since)
  const tools = new Map<string, Counted>()
  const agents = new Map<string, number>()
  let decisions = 0
  let omitted = 0
  const bar = progress(deps, options.json)
  await reading(deps, options, async (store) => {
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
  const request = Asked.safeParse(record.body['request']).data
  if (agent !== null) remember(tool.agents, agent)
  if (request !== undefined) {
    remember(tool.resources, request.resource.type)
    for (const name of Object.keys(request.action.properties?.arguments ?? {})) remember(tool.arguments, name)
  }
  return all
}

/** What of a recorded request is looked at; masked or erased parts are not there. */
const Asked = z.object({
  resource: z.object({ type: z.string() }),
  action: z.object({
    properties: z
      .object({ arguments: z.record(z.string(), z.unknown()).optional().catch(undefined) })
      .optional()
      .catch(undefined),
  }),
})
/** Most names that are remembered of one action. */
const REMEMBERED_MAX = 32

function remember(names: Set<string>, name: string): void {
  if (names.size < REMEMBERED_MAX) names.add(name)
}

// What comes of it

function asJson({ tools, agents, refused, declaresScope }: CatalogueDraft, seen: Seen): unknown {
  const counts = new Map(seen.tools.map(({ name, count }) => [name, count ?? null]))
  const calls = new Map(seen.agents.map(({ id, count }) => [id, count]))
  return {
    decisions: seen.decisions,
    omitted: seen.omitted,
    unknown_actions: tools.map(({ name, review }) => ({ name, count: counts.get(name) ?? null, review })),
    missing_agents: agents.map(({ name, review }) => ({ id: name, count: calls.get(name) ?? null, review })),
    refused,
    catalogue: plainCatalogue({ tools, agents, declaresScope }),
  }
}

function summary({ tools, agents, refused }: CatalogueDraft, seen: Seen, catalogue: CatalogueFile): string {
  const counts = new Map(seen.tools.map((tool) => [tool.name, tool]))
  const calls = new Map(seen.agents.map(({ id, count }) => [id, count]))
  const known = seen.tools.filter(({ name }) => Object.hasOwn(catalogue.tools, name)).length
  const traffic = seen.decisions !== null
  return [
    `${seen.from}: ${plural(tools.length, 'unknown action')}${traffic ? `, ${plural(agents.length, 'missing agent')}` : ''}; ${known} in the catalogue already`,
    ...(tools.length === 0 || !traffic
      ? []
      : [
          table([
            ['UNKNOWN ACTION', 'DECISIONS', 'BY'],
            ...tools.map(({ name }) => [name, String(counts.get(name)?.count ?? 0), counts.get(name)?.agents?.join(', ') ?? '']),
          ]),
        ]),
    ...(agents.length === 0
      ? []
      : [table([['MISSING AGENT', 'DECISIONS'], ...agents.map(({ name }) => [name, String(calls.get(name) ?? 0)])])]),
    ...(seen.omitted === 0
      ? []
      : [`${seen.omitted} decisions are about names beyond the first ${DRAFT_NAMES_MAX}; they are not counted`]),
    ...refused.map((name) => `no catalogue can hold the name "${escapeLine(name)}"`),
    '',
  ].join('\n')
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

function plainCatalogue({ tools, agents, declaresScope }: Omit<CatalogueDraft, 'refused'>) {
  const entries = <T>(of: readonly DraftEntry<T>[]): Readonly<Record<string, T>> =>
    Object.fromEntries(of.map(({ name, entry }) => [name, entry]))
  return {
    version: 1,
    ...(declaresScope && tools.length > 0
      ? { trust_scopes: { [UNREVIEWED]: { description: 'Nobody has looked at these tools yet', level: 0 } } }
      : {}),
    tools: entries(tools),
    ...(agents.length === 0 ? {} : { agents: entries(agents) }),
  }
}

/** The draft as a file of the catalogue folder. Names and claims of others are on one line each, so that none can leave its comment. */
function yamlOf(draft: CatalogueDraft, seen: Seen, against: string): string {
  const document = new Document(plainCatalogue(draft))
  document.commentBefore = [
    ` Draft from ${escapeLine(seen.from)}, against ${escapeLine(against)}.`,
    ' Every entry is in the worst class and is decided on level 0, as what is not in the catalogue, until somebody reviews it:',
    ' give each tool its scope, category, blast, reversibility and frequency, a negative_signal (without one it never runs by',
    ' itself), permit it in the base policy, and remove its default_level. Then remove the "review" lines.',
  ].join('\n')
  for (const [section, entries] of [['tools', draft.tools] as const, ['agents', draft.agents] as const])
    for (const { name, review } of entries) {
      const node = document.getIn([section, name], true) as { commentBefore?: string } | undefined
      if (node !== undefined && review.length > 0)
        node.commentBefore = review.map((line) => ` review: ${escapeLine(line)}`).join('\n')
    }
  return document.toString({ lineWidth: 0 })
}
