import { type Layer, LAYERS } from '../model/layer.ts'
import type { ScopeKey } from '../model/scope.ts'
import type { TrustConstants } from './constants.ts'
import { incidentsCap, incidentsInScope } from './incident-caps.ts'
import { type Donors, donorsOf, priorsFor } from './layer/borrowed-evidence.ts'
import { heatCeiling } from './layer/heat.ts'
import { type LayerReading, NO_PRIOR, readLayer } from './layer/layer.ts'
import type { ScoreCeiling } from './score-ceiling.ts'
import { type AgentTrust, type Incident, type PerLayer, scopeOf, type ScopeTrust } from './stored-trust.ts'

/** When a scope is read, which layers are live then (default: those configured), and the ceilings from outside. */
export type ReadingTerms = {
  readonly nowMs: number
  /** Evidence of all the agent's scopes at `nowMs`, where many scopes are read at one time; default: valued for this read. */
  readonly donors?: Donors | undefined
  readonly liveLayers?: readonly Layer[] | undefined
  readonly ceilings?: readonly ScoreCeiling[] | undefined
}

/** A scope at a time. Scores are exact, not yet published. */
export type ScopeReading = {
  readonly scope: ScopeTrust
  readonly layers: PerLayer<LayerReading>
  readonly liveLayers: readonly Layer[]
  readonly incidents: readonly Incident[]
  /** T: the least of all live layers and all ceilings. */
  readonly score: number
  /** T_d: the least of evidence, heat, agent heat and incident caps; what takes a granted level away. */
  readonly demotionScore: number
  readonly agentHeat: number
  readonly incidentCap: number
  readonly instrumentation: number
  readonly bottleneck: Layer
  /** What the score is the value of: a layer, `agent_heat`, `incident`, `instrumentation` or a ceiling's source. */
  readonly binding: string
}

/** Score ceiling by which layers are live: nothing can be granted on what nobody watches. */
export function instrumentationCeiling(liveLayers: readonly Layer[], { instrumentation }: TrustConstants): number {
  if (!liveLayers.includes('identity') || !liveLayers.includes('behaviour')) return instrumentation.blind
  const context = liveLayers.includes('context')
  const outcome = liveLayers.includes('outcome')
  if (context && outcome) return instrumentation.four
  return context || outcome ? instrumentation.three : instrumentation.two
}

/** All incidents that cap a scope: its own and its agent's. */
export function incidentsOf(agent: AgentTrust, scope: ScopeTrust): readonly Incident[] {
  return [...incidentsInScope(agent.incidents, scope.agentIncidentCounts), ...scope.incidents]
}

/** Reads one scope: weakest live layer, then every ceiling. */
export function readScope(agent: AgentTrust, key: ScopeKey, terms: ReadingTerms, constants: TrustConstants): ScopeReading {
  const { nowMs, liveLayers = constants.live_layers, ceilings = [] } = terms
  const scope = scopeOf(agent, key)
  const layers = readLayers(agent, key, terms, constants)
  const live = LAYERS.filter((layer) => liveLayers.includes(layer))
  const incidents = incidentsOf(agent, scope)
  const agentHeat = heatCeiling(agent.heat.q, constants)
  const incidentCap = incidentsCap(incidents, nowMs, constants)
  const instrumentation = instrumentationCeiling(live, constants)
  const limits: readonly (readonly [string, number])[] = [
    ...live.map((layer) => [layer, layers[layer].trust] as const),
    ['agent_heat', agentHeat],
    ['incident', incidentCap],
    ['instrumentation', instrumentation],
    ...ceilings.map(({ source, value }) => [source, value] as const),
  ]
  const [binding, lowest] = leastOf(limits)
  const [bottleneck] = leastOf(live.map((layer) => [layer, layers[layer].trust] as const))
  return {
    scope,
    layers,
    liveLayers: live,
    incidents,
    score: clampUnit(lowest),
    demotionScore: clampUnit(Math.min(agentHeat, incidentCap, ...live.map((layer) => demotionPart(layers[layer])))),
    agentHeat,
    incidentCap,
    instrumentation,
    bottleneck: live.find((layer) => layer === bottleneck) ?? 'identity',
    binding,
  }
}

/** The agent's identity, and the layers of one scope with what it may borrow from the others. */
function readLayers(agent: AgentTrust, key: ScopeKey, terms: ReadingTerms, constants: TrustConstants): PerLayer<LayerReading> {
  const { nowMs, donors = donorsOf(agent, nowMs, constants) } = terms
  const { layers } = scopeOf(agent, key)
  const priors = priorsFor(donors, key, constants)
  return {
    identity: readLayer(agent.identity, NO_PRIOR, nowMs, constants),
    behaviour: readLayer(layers.behaviour, priors.behaviour, nowMs, constants),
    context: readLayer(layers.context, priors.context, nowMs, constants),
    outcome: readLayer(layers.outcome, priors.outcome, nowMs, constants),
  }
}

function demotionPart({ r, s, evidence, heat }: LayerReading): number {
  return r + s > 0 ? Math.min(evidence, heat) : 0
}

function leastOf(limits: readonly (readonly [string, number])[]): readonly [string, number] {
  return limits.reduce((least, limit) => (limit[1] < least[1] ? limit : least), limits[0] ?? (['instrumentation', 0] as const))
}

function clampUnit(x: number): number {
  return Math.min(1, Math.max(0, x))
}
