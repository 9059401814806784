import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'

import type { Observation, Observer, TrustGauges } from '../model/observation.ts'

/** Most different causes that become a label; further ones are `other`. */
export const CAUSES_MAX = 64

const STEP_BUCKETS_SECONDS = [0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1]
/** From too fast to have read it to a whole day. */
const APPROVAL_BUCKETS_SECONDS = [1, 10, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 14_400, 86_400]
const HTTP_BUCKETS_SECONDS = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

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
  /** Prometheus text format. */
  readonly text: () => Promise<string>
  readonly contentType: string
}

/** Keeps counters and histograms in a registry of their own. No label names an agent, a user, a resource or a path. */
export function createMetrics(): Metrics {
  const register = new Registry()
  collectDefaultMetrics({ register })
  const series = createSeries(register)
  return {
    observer: (observation) => observe(series, observation),
    http: ({ handler, method, code, seconds }) => series.http.observe({ handler, method, code }, seconds),
    text: () => register.metrics(),
    contentType: register.contentType,
  }
}

type Series = ReturnType<typeof createSeries>

function createSeries(register: Registry) {
  const registers = [register]
  const causes = new Set<string>()
  return {
    decisions: new Counter({
      name: 'gradus_decisions_total',
      help: 'Decisions by protocol, base outcome, answered outcome and limiting term.',
      labelNames: ['protocol', 'base', 'outcome', 'limiting'],
      registers,
    }),
    steps: new Histogram({
      name: 'gradus_decision_seconds',
      help: 'Seconds each step of a decision took.',
      labelNames: ['protocol', 'step'],
      buckets: STEP_BUCKETS_SECONDS,
      registers,
    }),
    degraded: new Counter({
      name: 'gradus_degraded_total',
      help: 'Decisions and writes that something failing made stricter.',
      labelNames: ['cause'],
      registers,
    }),
    evidence: new Counter({
      name: 'gradus_evidence_total',
      help: 'Evidence taken in, by layer and polarity.',
      labelNames: ['layer', 'polarity'],
      registers,
    }),
    signals: new Counter({
      name: 'gradus_signals_total',
      help: 'Signals by class, layer and what became of them.',
      labelNames: ['class', 'layer', 'result'],
      registers,
    }),
    demotions: new Counter({
      name: 'gradus_demotions_total',
      help: 'Demotions by level before and after.',
      labelNames: ['from', 'to'],
      registers,
    }),
    would: new Counter({
      name: 'gradus_would_total',
      help: 'Decisions that are not wholly enforced, by what would have been answered and by which term.',
      labelNames: ['protocol', 'base', 'would', 'limiting'],
      registers,
    }),
    loosened: new Counter({
      name: 'gradus_mode_loosened_total',
      help: 'Lines of the modes by which a new policy set enforces less than the one before.',
      registers,
    }),
    approvals: new Counter({
      name: 'gradus_approvals_total',
      help: 'Verdicts of people on approvals.',
      labelNames: ['verdict'],
      registers,
    }),
    approvalSeconds: new Histogram({
      name: 'gradus_approval_seconds',
      help: 'Seconds from the request of an approval to a verdict on it.',
      labelNames: ['verdict'],
      buckets: APPROVAL_BUCKETS_SECONDS,
      registers,
    }),
    rubberStamps: new Counter({
      name: 'gradus_rubber_stamp_verdicts_total',
      help: 'Verdicts of people who approve nearly everything, faster than it can be read.',
      registers,
    }),
    held: new Counter({
      name: 'gradus_held_reports_total',
      help: 'Reports over the limits on raters and sources, which wait for a person.',
      labelNames: ['reason'],
      registers,
    }),
    overrides: new Counter({
      name: 'gradus_overrides_total',
      help: 'Emergency overrides that people opened or confirmed.',
      labelNames: ['verb'],
      registers,
    }),
    webhookDeliveries: new Counter({
      name: 'gradus_webhook_deliveries_total',
      help: 'Attempts to send an event, by webhook and what became of them.',
      labelNames: ['webhook', 'result'],
      registers,
    }),
    webhookLag: new Gauge({
      name: 'gradus_webhook_lag_records',
      help: 'Records of the log that a webhook has not got past.',
      labelNames: ['webhook'],
      registers,
    }),
    alerts: new Counter({
      name: 'gradus_alerts_total',
      help: 'Alerts of monitoring rules and overdue reviews of the log, by rule and severity.',
      labelNames: ['rule', 'severity'],
      registers,
    }),
    reviewOverdue: new Gauge({
      name: 'gradus_log_review_overdue',
      help: 'Whether a review of the log is overdue: 1, or 0.',
      labelNames: ['review'],
      registers,
    }),
    monitoringLag: new Gauge({
      name: 'gradus_monitoring_lag_records',
      help: 'Records of the log that monitoring has not got past.',
      registers,
    }),
    trust: createTrustSeries(registers),
    http: new Histogram({
      name: 'http_request_duration_seconds',
      help: 'Seconds from the first byte of a request to its answer.',
      labelNames: ['handler', 'method', 'code'],
      buckets: HTTP_BUCKETS_SECONDS,
      registers,
    }),
    /** Bounds the label: a cause is one of ours, but it must stay so. */
    causeLabel: (cause: string): string => {
      if (causes.size < CAUSES_MAX) causes.add(cause)
      return causes.has(cause) ? cause : 'other'
    },
  }
}

/** Where trust stands; the label `scope` is bounded, and `all` is every scope together. */
function createTrustSeries(registers: Registry[]) {
  return {
    agents: new Gauge({
      name: 'gradus_trust_agents',
      help: 'Agents with trust of their own in a scope; for all scopes together, each of its scopes counts.',
      labelNames: ['scope'],
      registers,
    }),
    timeToAutonomy: new Gauge({
      name: 'gradus_time_to_autonomy_seconds',
      help: 'Mean time from the first record of an agent to its first grant of level 3 or 4, of the last 30 days.',
      labelNames: ['scope', 'level'],
      registers,
    }),
    falseDemotions: new Gauge({
      name: 'gradus_false_demotion_ratio',
      help: 'Share of the judged demotions of the last 30 days that were given back, or that nothing confirmed within 3 days.',
      labelNames: ['scope'],
      registers,
    }),
    incidents: new Gauge({
      name: 'gradus_incidents_per_thousand_actions',
      help: 'Incidents for each 1,000 executed actions, of the last 30 days.',
      labelNames: ['scope'],
      registers,
    }),
    openIncidents: new Gauge({
      name: 'gradus_open_incidents',
      help: 'Incidents that wait for the review of a person.',
      labelNames: ['scope'],
      registers,
    }),
    compliance: new Gauge({
      name: 'gradus_compliance_ratio',
      help: 'Share of the verified actions of the last 30 days that went well.',
      labelNames: ['scope'],
      registers,
    }),
    confidence: new Gauge({
      name: 'gradus_trust_confidence',
      help: 'Mean confidence of trust over the agents, 0 to 1.',
      labelNames: ['scope'],
      registers,
    }),
    evidenceAge: new Gauge({
      name: 'gradus_evidence_age_seconds',
      help: 'Median age of the newest verified success that trust stands on.',
      labelNames: ['scope'],
      registers,
    }),
  }
}

/** Puts new values in the place of all that were there: what is no more is shown no more. */
function showTrust(series: ReturnType<typeof createTrustSeries>, scopes: readonly TrustGauges[]): void {
  for (const gauge of Object.values(series)) gauge.reset()
  const show = (gauge: Gauge, labels: Readonly<Record<string, string>>, value: number | null): void => {
    if (value !== null) gauge.set({ ...labels }, value)
  }
  for (const { scope, timeToAutonomy, ...seen } of scopes) {
    series.agents.set({ scope }, seen.agents)
    show(series.timeToAutonomy, { scope, level: '3' }, timeToAutonomy.L3)
    show(series.timeToAutonomy, { scope, level: '4' }, timeToAutonomy.L4)
    show(series.falseDemotions, { scope }, seen.falseDemotionRatio)
    show(series.incidents, { scope }, seen.incidentsPerThousand)
    series.openIncidents.set({ scope }, seen.openIncidents)
    show(series.compliance, { scope }, seen.complianceRatio)
    show(series.confidence, { scope }, seen.confidence)
    show(series.evidenceAge, { scope }, seen.evidenceAge)
  }
}

function observe(series: Series, observation: Observation): void {
  switch (observation.kind) {
    case 'decision': {
      const { protocol, base, outcome, limiting } = observation
      series.decisions.inc({ protocol, base, outcome, limiting })
      break
    }
    case 'step':
      series.steps.observe({ protocol: observation.protocol, step: observation.step }, observation.seconds)
      break
    case 'degraded':
      series.degraded.inc({ cause: series.causeLabel(observation.cause) })
      break
    case 'evidence':
      series.evidence.inc({ layer: observation.layer, polarity: observation.polarity })
      break
    case 'signal':
      series.signals.inc({ class: observation.class, layer: observation.layer, result: observation.result })
      break
    case 'demotion':
      series.demotions.inc({ from: observation.from, to: observation.to })
      break
    case 'would': {
      const { protocol, base, outcome, limiting } = observation
      series.would.inc({ protocol, base, would: outcome, limiting })
      break
    }
    case 'mode_loosened':
      series.loosened.inc(observation.lines)
      break
    case 'approval':
      series.approvals.inc({ verdict: observation.verdict })
      series.approvalSeconds.observe({ verdict: observation.verdict }, observation.seconds)
      break
    case 'rubber_stamp':
      series.rubberStamps.inc()
      break
    case 'held':
      series.held.inc({ reason: observation.reason })
      break
    case 'override':
      series.overrides.inc({ verb: observation.verb })
      break
    case 'webhook':
      series.webhookDeliveries.inc({ webhook: observation.webhook, result: observation.posting })
      break
    case 'webhook_lag':
      series.webhookLag.set({ webhook: observation.webhook }, observation.records)
      break
    case 'alert':
      series.alerts.inc({ rule: observation.rule, severity: observation.severity })
      break
    case 'review_overdue':
      series.reviewOverdue.set({ review: observation.review }, observation.overdue ? 1 : 0)
      break
    case 'monitoring_lag':
      series.monitoringLag.set(observation.records)
      break
    case 'trust_gauges':
      showTrust(series.trust, observation.scopes)
  }
}
