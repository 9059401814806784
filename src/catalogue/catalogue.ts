import { HOUR_MS } from '../format/time.ts'
import { LEVELS, parseLevel } from '../model/level.ts'
import { formatScope, type ScopeKey } from '../model/scope.ts'
import {
  type ActionClass,
  type AgentClass,
  type CatalogueFile,
  type CatalogueTool,
  type Disposition,
  DISPOSITIONS,
} from './catalogue-file.ts'
import { type CatalogueProblem, type DeclaredScope, checkCatalogue } from './problems.ts'
import { stakeClass, staticPoints } from './static-points.ts'
import { type CatalogueVocabulary, vocabularyOf } from './vocabulary.ts'

/** The `pep` duty of keeping the old value; without it an action that needs it counts as irreversible. */
const ROLLBACK_HANDLE = 'rollback_handle'
const IRREVERSIBLE = 2
/** Where actions outside the catalogue are put; nothing is earned there. */
const UNKNOWN_SCOPE = 'unknown'

/** What the class of an action depends on besides the catalogue. */
export type ClassifyContext = {
  readonly agentId: string
  /** `pep` obligations of the enforcement point, narrowed by the request. */
  readonly supportedObligations: readonly string[]
  /** Null, or one that no deadline names: the shortest deadline holds. */
  readonly jurisdiction: string | null
  readonly nowMs: number
}

/** A compiled catalogue. */
export type Catalogue = {
  /** The class of an action for an agent; one that is not in the catalogue has the worst. */
  readonly classify: (actionName: string, context: ClassifyContext) => ActionClass
  /** What is known of an agent; one that is not in the catalogue is of high consequence. */
  readonly agent: (id: string) => AgentClass
  /** Which of these servers nobody audited, sorted. Tools' own namespaces count only once the catalogue lists servers; a server that a request names always does. */
  readonly unaudited: (namespace: string | null, named: readonly string[]) => readonly string[]
  /** Where trust in an action is earned; nobody earns in one that is not in the catalogue. */
  readonly place: (actionName: string) => ScopeKey
  /** What the catalogue calls things in words. */
  readonly vocabulary: CatalogueVocabulary
  /** Tools with which trust is earned where it is for this one, that do more than read, sorted; none: reads alone earn it. */
  readonly acting: (actionName: string) => readonly string[]
  /** Where trust in each tool is earned, so that a later catalogue can be compared. */
  readonly places: () => Readonly<Record<string, ScopeKey>>
  /** Who owns which agent, where the catalogue says so. */
  readonly owners: () => Readonly<Record<string, string>>
  readonly tools: readonly string[]
  readonly scopes: readonly string[]
  readonly agents: readonly string[]
}

/** A catalogue whose parts contradict each other. */
export class CatalogueError extends Error {
  readonly code = 'catalogue_invalid'
  readonly problems: readonly CatalogueProblem[]
  constructor(problems: readonly CatalogueProblem[]) {
    super(problems.map(({ pointer, message }) => `${pointer}: ${message}`).join('\n'))
    this.name = 'CatalogueError'
    this.problems = problems
  }
}

/** Compiles a schema-checked catalogue file. Throws a CatalogueError that names every place where its parts contradict each other. */
export function compileCatalogue(file: CatalogueFile): Catalogue {
  const problems = checkCatalogue(file)
  if (problems.length > 0) throw new CatalogueError(problems)
  const tools = new Map(Object.entries(file.tools))
  const scopes = new Map(Object.entries(file.trust_scopes))
  const agents = new Map(Object.entries(file.agents))
  const servers = new Map(Object.entries(file.servers ?? {}))
  const acting = new Set(Object.values(file.tools).flatMap((tool) => (tool.category === 'read_only' ? [] : [placeOf(tool)])))
  return {
    classify: (actionName, context) => {
      const tool = tools.get(actionName)
      if (tool === undefined) return unknownAction(actionName)
      const agentScope = ownScope(agents.get(context.agentId), tool.scope)
      const onlyReads = !acting.has(placeOf(tool))
      return classOf({ name: actionName, tool, scope: scopes.get(tool.scope), agentScope, onlyReads, context })
    },
    agent: (id) => agentClass(id, agents.get(id)),
    unaudited: (namespace, named) => {
      const path = [...(namespace === null || file.servers === undefined ? [] : [namespace]), ...named]
      return [...new Set(path)].filter((server) => servers.get(server)?.audited !== true).sort()
    },
    place: (actionName) => placeOf(tools.get(actionName)),
    acting: (actionName) => actingBeside(tools, tools.get(actionName)),
    vocabulary: vocabularyOf(file),
    places: () => Object.fromEntries([...tools].map(([name, tool]) => [name, placeOf(tool)])),
    owners: () => Object.fromEntries([...agents].flatMap(([name, { owner }]) => (owner === undefined ? [] : [[name, owner]]))),
    tools: [...tools.keys()].sort(),
    agents: [...agents.keys()].sort(),
    scopes: [...new Set([...scopes.keys(), ...[...tools.values()].map((tool) => tool.scope)])].sort(),
  }
}

function placeOf(tool: CatalogueTool | undefined): ScopeKey {
  if (tool === undefined) return formatScope(UNKNOWN_SCOPE, 'full')
  return formatScope(tool.scope, stakeClass(tool.category, staticPoints(tool)))
}

function actingBeside(tools: ReadonlyMap<string, CatalogueTool>, tool: CatalogueTool | undefined): readonly string[] {
  const place = placeOf(tool)
  return [...tools].flatMap(([name, each]) => (each.category !== 'read_only' && placeOf(each) === place ? [name] : [])).sort()
}

function agentClass(id: string, agent: CatalogueFile['agents'][string] | undefined): AgentClass {
  if (agent === undefined) return { id, known: false, class: 'unknown', tier: 'high' }
  return { id, known: true, class: agent.class, tier: agent.tier }
}

function ownScope(agent: CatalogueFile['agents'][string] | undefined, scope: string): DeclaredScope | undefined {
  return agent !== undefined && Object.hasOwn(agent.trust_scopes, scope) ? agent.trust_scopes[scope] : undefined
}

/** The worst plausible class: it asks for everything, never earns, and no level above 0 is applied to it. */
function unknownAction(name: string): ActionClass {
  const weight = { blast: 3, reversibility: IRREVERSIBLE, frequency: 'rare' } as const
  return {
    name,
    known: false,
    scope: UNKNOWN_SCOPE,
    stake: 'full',
    category: 'destructive',
    ...weight,
    static_points: staticPoints(weight),
    default_level: 0,
    disposition: 'none',
    negative_signal: null,
    classification: null,
    rollback_handle: false,
    reversible_until: null,
    preconditions: [],
    guardrails: {},
    arguments: {},
    namespace: null,
    version: null,
  }
}

type Entry = {
  readonly name: string
  readonly tool: CatalogueTool
  readonly scope: DeclaredScope | undefined
  readonly agentScope: DeclaredScope | undefined
  readonly onlyReads: boolean
  readonly context: ClassifyContext
}

function classOf({ name, tool, scope, agentScope, onlyReads, context }: Entry): ActionClass {
  const undo = undoOf(tool, context)
  const weight = { blast: tool.blast, reversibility: undo.reversibility, frequency: tool.frequency }
  return {
    name,
    known: true,
    scope: tool.scope,
    // After the catalogue alone: no claim of a request chooses where trust is read.
    stake: stakeClass(tool.category, staticPoints(tool)),
    ...(onlyReads ? { only_reads: true as const } : {}),
    category: tool.category,
    ...weight,
    static_points: staticPoints(weight),
    default_level: Math.min(tool.default_level, levelCap(scope), levelCap(agentScope)),
    disposition: tighter(dispositionIn(scope, name), agentScope === undefined ? 'auto_approve' : dispositionIn(agentScope, name)),
    negative_signal: tool.negative_signal ?? null,
    classification: tool.classification ?? null,
    rollback_handle: undo.handle,
    reversible_until: undo.until,
    preconditions: tool.preconditions,
    guardrails: tool.guardrails,
    ...(tool.reaches_outside === undefined ? {} : { reaches_outside: tool.reaches_outside }),
    arguments: tool.arguments,
    namespace: tool.namespace ?? null,
    version: tool.version ?? null,
  }
}

type Undo = { readonly reversibility: number; readonly handle: boolean; readonly until: string | null }

/** Whether and until when the action can be undone: only with its handle, and only before its deadline. */
function undoOf(tool: CatalogueTool, { supportedObligations, jurisdiction, nowMs }: ClassifyContext): Undo {
  const irreversible = { reversibility: IRREVERSIBLE, handle: false, until: null }
  if (tool.reversibility >= IRREVERSIBLE) return irreversible
  if (tool.rollback === undefined) return { reversibility: tool.reversibility, handle: false, until: null }
  const handle = tool.rollback.handle_required
  if (handle && !supportedObligations.includes(ROLLBACK_HANDLE)) return irreversible
  const hours = reversibleHours(tool.rollback, jurisdiction)
  if (hours === Infinity) return { reversibility: tool.reversibility, handle, until: null }
  const until = new Date(nowMs + hours * HOUR_MS)
  // A deadline that has passed, or that no calendar can hold, is none to rely on.
  if (!(hours > 0) || Number.isNaN(until.getTime())) return irreversible
  return { reversibility: tool.reversibility, handle, until: until.toISOString() }
}

type Rollback = NonNullable<CatalogueTool['rollback']>

function reversibleHours({ reversible_hours, reversible_hours_by_jurisdiction }: Rollback, jurisdiction: string | null): number {
  const deadlines = new Map(Object.entries(reversible_hours_by_jurisdiction ?? {}))
  const named = jurisdiction === null ? undefined : deadlines.get(jurisdiction)
  return named ?? Math.min(reversible_hours ?? Infinity, ...deadlines.values())
}

/** Unreadable names were refused when the catalogue was checked; one that got through would be level 0. */
function levelCap(scope: DeclaredScope | undefined): number {
  const level = parseLevel(String(scope?.level ?? 4))
  return Math.max(
    0,
    LEVELS.findIndex((each) => each === level),
  )
}

function dispositionIn(scope: DeclaredScope | undefined, tool: string): Disposition {
  if (scope === undefined) return 'none'
  if (scope.block.includes(tool)) return 'block'
  if (scope.require_approval.includes(tool)) return 'require_approval'
  return scope.auto_approve.includes(tool) ? 'auto_approve' : 'none'
}

function tighter(a: Disposition, b: Disposition): Disposition {
  return DISPOSITIONS.indexOf(a) >= DISPOSITIONS.indexOf(b) ? a : b
}
