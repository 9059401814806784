import { HOUR_MS } from '../format/time.ts'
import { LEVELS, STAGE_LEVELS, type StageVersion } from '../model/level.ts'
import { formatScope, type ScopeKey } from '../model/scope.ts'
import { type ActionClass, type CatalogueFile, type CatalogueTool, type RiskBands, type TenantLevels } from './catalogue-file.ts'
import { dispositionIn, levelCap, lowerDisposition } from './declared-scope.ts'
import { type CatalogueParties, partiesIn } from './parties.ts'
import { type CatalogueProblem, type DeclaredScope, checkCatalogue, stagesOf } from './problems.ts'
import { riskBandsOf, stakeClass, staticPoints } from './static-points.ts'
import { type CatalogueVocabulary, vocabularyOf } from './vocabulary.ts'

/** The `pep` duty of keeping the old value; without it an action that needs it counts as irreversible. */
const ROLLBACK_HANDLE = 'rollback_handle'
const IRREVERSIBLE = 2
const TOP = LEVELS[4]
/** The level of the stage at which people approve each action. */
const SUPERVISED = STAGE_LEVELS[2].supervised
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
  /** What the tenant decides actions on at most; absent: what the catalogue says. */
  readonly levels?: TenantLevels | undefined
}

/** A compiled catalogue. */
export type Catalogue = CatalogueParties & {
  /** The class of an action for an agent; one that is not in the catalogue has the worst. */
  readonly classify: (actionName: string, context: ClassifyContext) => ActionClass
  /** Where trust in an action is earned; nobody earns in one that is not in the catalogue. */
  readonly place: (actionName: string) => ScopeKey
  /** Where the risk bands end. */
  readonly riskBands: RiskBands
  /** Which levels the stages name here. */
  readonly stages: StageVersion
  /** What the catalogue calls things in words. */
  readonly vocabulary: CatalogueVocabulary
  /** Tools with which trust is earned where it is for this one, that do more than read, sorted; none: reads alone earn it. */
  readonly acting: (actionName: string) => readonly string[]
  /** Where trust in each tool is earned, so that a later catalogue can be compared. */
  readonly places: () => Readonly<Record<string, ScopeKey>>
  readonly tools: readonly string[]
  readonly scopes: readonly string[]
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
  const terms: Terms = {
    stages: stagesOf(file),
    riskBands: riskBandsOf(file),
    defaults: new Map(Object.entries(file.default_levels ?? {})),
  }
  const actingTools = [...tools].filter(([, { category }]) => category !== 'read_only')
  const acting = Map.groupBy(actingTools, ([, tool]) => placeOf(tool, terms.riskBands))
  const earnedByReads = new Set(
    [...tools].filter(([, tool]) => !acting.has(placeOf(tool, terms.riskBands))).map(([name]) => name),
  )
  return {
    classify: (actionName, context) => {
      const tool = tools.get(actionName)
      if (tool === undefined) return unknownAction(actionName)
      const agentScope = ownScope(agents.get(context.agentId), tool.scope)
      const onlyReads = earnedByReads.has(actionName)
      return classOf({ name: actionName, tool, terms, scope: scopes.get(tool.scope), agentScope, onlyReads, context })
    },
    ...partiesIn(file),
    place: (actionName) => placeOf(tools.get(actionName), terms.riskBands),
    acting: (actionName) => {
      const beside = acting.get(placeOf(tools.get(actionName), terms.riskBands)) ?? []
      return beside.map(([name]) => name).sort()
    },
    riskBands: terms.riskBands,
    stages: terms.stages,
    vocabulary: vocabularyOf(file),
    places: () => Object.fromEntries([...tools].map(([name, tool]) => [name, placeOf(tool, terms.riskBands)])),
    tools: [...tools.keys()].sort(),
    scopes: [...new Set([...scopes.keys(), ...[...tools.values()].map((tool) => tool.scope)])].sort(),
  }
}

function placeOf(tool: CatalogueTool | undefined, bands: RiskBands): ScopeKey {
  if (tool === undefined) return formatScope(UNKNOWN_SCOPE, 'full')
  return formatScope(tool.scope, stakeClass(tool.category, staticPoints(tool), bands))
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

/** What holds for the whole catalogue. */
type Terms = {
  readonly stages: StageVersion
  readonly riskBands: RiskBands
  /** Levels by category, for tools that say none. */
  readonly defaults: ReadonlyMap<string, number>
}

type Entry = {
  readonly name: string
  readonly tool: CatalogueTool
  readonly terms: Terms
  readonly scope: DeclaredScope | undefined
  readonly agentScope: DeclaredScope | undefined
  readonly onlyReads: boolean
  readonly context: ClassifyContext
}

function classOf(entry: Entry): ActionClass {
  const { name, tool, terms, scope, agentScope, onlyReads, context } = entry
  const undo = undoOf(tool, context)
  const weight = { blast: tool.blast, reversibility: undo.reversibility, frequency: tool.frequency }
  return {
    name,
    known: true,
    scope: tool.scope,
    // After the catalogue alone: no claim of a request chooses where trust is read.
    stake: stakeClass(tool.category, staticPoints(tool), terms.riskBands),
    ...(onlyReads ? { only_reads: true as const } : {}),
    category: tool.category,
    ...weight,
    static_points: staticPoints(weight),
    default_level: levelMax(entry),
    disposition: lowerDisposition(
      dispositionIn(scope, name),
      agentScope === undefined ? 'auto_approve' : dispositionIn(agentScope, name),
    ),
    ...(isSupervised(entry) ? { supervised: true as const } : {}),
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

/** Whether people are to be asked about the action while its agent earns the level at which they are. */
function isSupervised(entry: Entry): boolean {
  const { name, terms, scope, agentScope } = entry
  if (terms.stages === 1 || levelMax(entry) < SUPERVISED) return false
  const declared = [scope, agentScope]
  const asks = declared.some(
    (each) => levelCap(each, terms.stages) === SUPERVISED && dispositionIn(each, name) === 'require_approval',
  )
  return asks && declared.every((each) => dispositionIn(each, name) !== 'block')
}

/** The highest level that an action is decided on: of tool, scope, agent and tenant the lowest. */
function levelMax({ name, tool, terms, scope, agentScope, context }: Entry): number {
  const own = tool.default_level ?? terms.defaults.get(tool.category) ?? TOP
  const { tools = {}, categories = {} } = context.levels ?? {}
  const ofTenant = (Object.hasOwn(tools, name) ? tools[name] : undefined) ?? categories[tool.category] ?? TOP
  return Math.min(own, levelCap(scope, terms.stages), levelCap(agentScope, terms.stages), ofTenant)
}
