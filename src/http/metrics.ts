import { collectDefaultMetrics, Counter, Histogram, Registry } from 'prom-client'

import type { Observation, Observer } from '../service/service.ts'

/** Most different causes that become a label; further ones are `other`. */
export const CAUSES_MAX = 64

const STEP_BUCKETS_SECONDS = [0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1]
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
    demotions: new Counter({
      name: 'gradus_demotions_total',
      help: 'Demotions by level before and after.',
      labelNames: ['from', 'to'],
      registers,
    }),
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
    case 'demotion':
      series.demotions.inc({ from: observation.from, to: observation.to })
  }
}
