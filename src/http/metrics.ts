import { collectDefaultMetrics, type Gauge, Registry } from 'prom-client'

import type { Observation, Observer, TrustGauges } from '../model/observation.ts'
import type { Cut } from './connection/cut.ts'
import { type GradusMetrics, registerMetrics, type TrustMetrics } from './metric-definitions.ts'

/** Most different causes that become a label; further ones are `other`. */
export const CAUSES_MAX = 64

/** One answered HTTP request, for metrics. `handler` is the endpoint's name, never its path. */
export type HttpObservation = {
  readonly handler: string
  readonly method: string
  readonly code: number
  readonly seconds: number
}

/** What the service observes, and the text that Prometheus reads. */
export type Metrics = {
  readonly observer: Observer
  readonly http: (observation: HttpObservation) => void
  readonly cut: Cut
  /** Prometheus text format. */
  readonly text: () => Promise<string>
  readonly contentType: string
}

/** Keeps counters and histograms in a registry of their own. No label names an agent, a user, a resource or a path. */
export function createMetrics(): Metrics {
  const register = new Registry()
  collectDefaultMetrics({ register })
  const metrics = registerMetrics(register)
  const causeLabel = createCauseLabel()
  return {
    observer: (observation) => {
      if (observation.kind === 'degraded') metrics.degraded.inc({ cause: causeLabel(observation.cause) })
      else observe(metrics, observation)
    },
    http: ({ handler, method, code, seconds }) => metrics.http.observe({ handler, method, code }, seconds),
    cut: (limit) => metrics.cuts.inc({ limit }),
    text: () => register.metrics(),
    contentType: register.contentType,
  }
}

/** Bounds the label: a cause is one of ours, but it must stay so. */
function createCauseLabel(): (cause: string) => string {
  const causes = new Set<string>()
  return (cause) => {
    if (causes.size < CAUSES_MAX) causes.add(cause)
    return causes.has(cause) ? cause : 'other'
  }
}

type Observed = Exclude<Observation, { kind: 'degraded' }>

/** What each kind of observation moves. */
const OBSERVE: { readonly [K in Observed['kind']]: (metrics: GradusMetrics, seen: Extract<Observed, { kind: K }>) => void } = {
  decision: ({ decisions }, { protocol, base, outcome, limiting }) => decisions.inc({ protocol, base, outcome, limiting }),
  step: ({ steps }, { protocol, step, seconds }) => steps.observe({ protocol, step }, seconds),
  evidence: ({ evidence }, { layer, polarity }) => evidence.inc({ layer, polarity }),
  signal: ({ signals }, { class: of, layer, result }) => signals.inc({ class: of, layer, result }),
  mapped: ({ mapped }, { mapping, result }) => mapped.inc({ mapping, result }),
  demotion: ({ demotions }, { from, to }) => demotions.inc({ from, to }),
  would: ({ would }, { protocol, base, outcome, limiting }) => would.inc({ protocol, base, would: outcome, limiting }),
  mode_loosened: ({ loosened }, { lines }) => loosened.inc(lines),
  approval: ({ approvals, approvalSeconds }, { verdict, seconds }) => {
    approvals.inc({ verdict })
    approvalSeconds.observe({ verdict }, seconds)
  },
  rubber_stamp: ({ rubberStamps }) => rubberStamps.inc(),
  held: ({ held }, { reason }) => held.inc({ reason }),
  override: ({ overrides }, { verb }) => overrides.inc({ verb }),
  webhook: ({ webhookDeliveries }, { webhook, posting }) => webhookDeliveries.inc({ webhook, result: posting }),
  checkpoint: ({ checkpoints }, { to, result }) => checkpoints.inc({ to, result }),
  checkpoint_lag: ({ checkpointLag }, { to, records }) => checkpointLag.set({ to }, records),
  webhook_lag: ({ webhookLag }, { webhook, records }) => webhookLag.set({ webhook }, records),
  alert: ({ alerts }, { rule, severity }) => alerts.inc({ rule, severity }),
  duty: ({ duties }, { duty, told }) => duties.inc({ duty, result: told ? 'told' : 'quiet' }),
  review_overdue: ({ reviewOverdue }, { review, overdue }) => reviewOverdue.set({ review }, overdue ? 1 : 0),
  monitoring_lag: ({ monitoringLag }, { records }) => monitoringLag.set(records),
  trust_gauges: ({ trust }, { scopes }) => showTrust(trust, scopes),
}

function observe(metrics: GradusMetrics, observation: Observed): void {
  // The row of a kind takes observations of that kind, which the compiler does not see through the lookup.
  const move = OBSERVE[observation.kind] as (metrics: GradusMetrics, seen: Observed) => void
  move(metrics, observation)
}

/** Puts new values in the place of all that were there: what is no more is shown no more. */
function showTrust(trust: TrustMetrics, scopes: readonly TrustGauges[]): void {
  for (const gauge of Object.values(trust)) gauge.reset()
  const show = (gauge: Gauge, labels: Readonly<Record<string, string>>, value: number | null): void => {
    if (value !== null) gauge.set({ ...labels }, value)
  }
  for (const { scope, timeToAutonomy, ...seen } of scopes) {
    trust.agents.set({ scope }, seen.agents)
    show(trust.timeToAutonomy, { scope, level: '3' }, timeToAutonomy.L3)
    show(trust.timeToAutonomy, { scope, level: '4' }, timeToAutonomy.L4)
    show(trust.falseDemotions, { scope }, seen.falseDemotionRatio)
    show(trust.incidents, { scope }, seen.incidentsPerThousand)
    trust.openIncidents.set({ scope }, seen.openIncidents)
    show(trust.compliance, { scope }, seen.complianceRatio)
    show(trust.confidence, { scope }, seen.confidence)
    show(trust.evidenceAge, { scope }, seen.evidenceAge)
  }
}
