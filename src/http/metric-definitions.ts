import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

const STEP_BUCKETS_SECONDS = [0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1]
/** From too fast to have read it to a whole day. */
const APPROVAL_BUCKETS_SECONDS = [1, 10, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 14_400, 86_400]
const HTTP_BUCKETS_SECONDS = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** Makes one metric in a registry. */
type MakeMetric<M> = (registers: Registry[]) => M

function counter(name: string, help: string, labelNames: readonly string[] = []): MakeMetric<Counter> {
  return (registers) => new Counter({ name, help, labelNames, registers })
}

function gauge(name: string, help: string, labelNames: readonly string[] = []): MakeMetric<Gauge> {
  return (registers) => new Gauge({ name, help, labelNames, registers })
}

function histogram(name: string, help: string, labelNames: readonly string[], buckets: number[]): MakeMetric<Histogram> {
  return (registers) => new Histogram({ name, help, labelNames, buckets, registers })
}

/** What is counted of decisions, evidence, approvals, webhooks and monitoring. */
const SERVICE_METRICS = {
  decisions: counter('gradus_decisions_total', 'Decisions by protocol, base outcome, answered outcome and limiting term.', [
    'protocol',
    'base',
    'outcome',
    'limiting',
  ]),
  steps: histogram(
    'gradus_decision_seconds',
    'Seconds each step of a decision took.',
    ['protocol', 'step'],
    STEP_BUCKETS_SECONDS,
  ),
  degraded: counter('gradus_degraded_total', 'Decisions and writes that something failing made stricter.', ['cause']),
  evidence: counter('gradus_evidence_total', 'Evidence taken in, by layer and polarity.', ['layer', 'polarity']),
  signals: counter('gradus_signals_total', 'Signals by class, layer and what became of them.', ['class', 'layer', 'result']),
  mapped: counter('gradus_mapped_alerts_total', 'Alerts of other systems by mapping and what became of them.', [
    'mapping',
    'result',
  ]),
  demotions: counter('gradus_demotions_total', 'Demotions by level before and after.', ['from', 'to']),
  would: counter(
    'gradus_would_total',
    'Decisions that are not wholly enforced, by what would have been answered and by which term.',
    ['protocol', 'base', 'would', 'limiting'],
  ),
  loosened: counter(
    'gradus_mode_loosened_total',
    'Lines of the modes by which a new policy set enforces less than the one before.',
  ),
  approvals: counter('gradus_approvals_total', 'Verdicts of people on approvals.', ['verdict']),
  approvalSeconds: histogram(
    'gradus_approval_seconds',
    'Seconds from the request of an approval to a verdict on it.',
    ['verdict'],
    APPROVAL_BUCKETS_SECONDS,
  ),
  rubberStamps: counter(
    'gradus_rubber_stamp_verdicts_total',
    'Verdicts of people who approve nearly everything, faster than it can be read.',
  ),
  held: counter('gradus_held_reports_total', 'Reports over the limits on raters and sources, which wait for a person.', [
    'reason',
  ]),
  overrides: counter('gradus_overrides_total', 'Emergency overrides that people opened or confirmed.', ['verb']),
  webhookDeliveries: counter(
    'gradus_webhook_deliveries_total',
    'Attempts to send an event, by webhook and what became of them.',
    ['webhook', 'result'],
  ),
  checkpoints: counter(
    'gradus_checkpoints_total',
    'Attempts to have a checkpoint countersigned by a witness or kept in a place, and what became of them.',
    ['to', 'result'],
  ),
  checkpointLag: gauge('gradus_checkpoint_lag_records', 'Records that no checkpoint at a witness or place covers.', ['to']),
  webhookLag: gauge('gradus_webhook_lag_records', 'Records of the log that a webhook has not got past.', ['webhook']),
  alerts: counter('gradus_alerts_total', 'Alerts of monitoring rules and overdue reviews of the log, by rule and severity.', [
    'rule',
    'severity',
  ]),
  duties: counter(
    'gradus_duties_total',
    'Duties of decisions to tell somebody: told, or quiet where the same was told within the hour.',
    ['duty', 'result'],
  ),
  reviewOverdue: gauge('gradus_log_review_overdue', 'Whether a review of the log is overdue: 1, or 0.', ['review']),
  monitoringLag: gauge('gradus_monitoring_lag_records', 'Records of the log that monitoring has not got past.'),
}

/** Where trust stands; the label `scope` is bounded, and `all` is every scope together. */
const TRUST_METRICS = {
  agents: gauge(
    'gradus_trust_agents',
    'Agents with trust of their own in a scope; for all scopes together, each of its scopes counts.',
    ['scope'],
  ),
  timeToAutonomy: gauge(
    'gradus_time_to_autonomy_seconds',
    'Mean time from the first record of an agent to its first grant of level 3 or 4, of the last 30 days.',
    ['scope', 'level'],
  ),
  falseDemotions: gauge(
    'gradus_false_demotion_ratio',
    'Share of the judged demotions of the last 30 days that were given back, or that nothing confirmed within 3 days.',
    ['scope'],
  ),
  incidents: gauge('gradus_incidents_per_thousand_actions', 'Incidents for each 1,000 executed actions, of the last 30 days.', [
    'scope',
  ]),
  openIncidents: gauge('gradus_open_incidents', 'Incidents that wait for the review of a person.', ['scope']),
  compliance: gauge('gradus_compliance_ratio', 'Share of the verified actions of the last 30 days that went well.', ['scope']),
  confidence: gauge('gradus_trust_confidence', 'Mean confidence of trust over the agents, 0 to 1.', ['scope']),
  evidenceAge: gauge('gradus_evidence_age_seconds', 'Median age of the newest verified success that trust stands on.', ['scope']),
}

const HTTP_METRICS = {
  cuts: counter('gradus_http_connections_cut_total', 'Connections that were cut, by the limit that they were over.', ['limit']),
  http: histogram(
    'http_request_duration_seconds',
    'Seconds from the first byte of a request to its answer.',
    ['handler', 'method', 'code'],
    HTTP_BUCKETS_SECONDS,
  ),
}

/** The metrics that a table defines. */
type MetricsOf<T extends Readonly<Record<string, MakeMetric<unknown>>>> = { readonly [K in keyof T]: ReturnType<T[K]> }

/** The gauges about trust. */
export type TrustMetrics = MetricsOf<typeof TRUST_METRICS>

/** Every metric of ours. */
export type GradusMetrics = MetricsOf<typeof SERVICE_METRICS & typeof HTTP_METRICS> & { readonly trust: TrustMetrics }

/** Registers every metric. The order here is the order of the text that Prometheus reads. */
export function registerMetrics(register: Registry): GradusMetrics {
  const registers = [register]
  return { ...makeAll(SERVICE_METRICS, registers), trust: makeAll(TRUST_METRICS, registers), ...makeAll(HTTP_METRICS, registers) }
}

function makeAll<T extends Readonly<Record<string, MakeMetric<unknown>>>>(table: T, registers: Registry[]): MetricsOf<T> {
  return Object.fromEntries(Object.entries(table).map(([key, make]) => [key, make(registers)])) as MetricsOf<T>
}
