import { expect, test } from 'vitest'

import { CAUSES_MAX, createMetrics } from '../../src/http/metrics.ts'

test('observations become the documented series', async () => {
  const { observer, http, text } = createMetrics()
  observer({ kind: 'decision', protocol: 'native', base: 'allow', outcome: 'suggest', limiting: 'trust' })
  observer({ kind: 'step', protocol: 'opa', step: 'risk', seconds: 0.0002 })
  observer({ kind: 'degraded', cause: 'store' })
  observer({ kind: 'evidence', layer: 'outcome', polarity: 'negative' })
  observer({ kind: 'demotion', from: 3, to: 1 })
  observer({ kind: 'webhook', webhook: 'ops', posting: 'failed' })
  observer({ kind: 'webhook_lag', webhook: 'ops', records: 7 })
  observer({ kind: 'alert', rule: 'burst', severity: 'critical' })
  observer({ kind: 'review_overdue', review: 'weekly', overdue: true })
  observer({ kind: 'monitoring_lag', records: 12 })
  http({ handler: 'decide', method: 'POST', code: 200, seconds: 0.003 })
  const written = await text()
  for (const line of [
    'gradus_decisions_total{protocol="native",base="allow",outcome="suggest",limiting="trust"} 1',
    'gradus_decision_seconds_sum{protocol="opa",step="risk"} 0.0002',
    'gradus_degraded_total{cause="store"} 1',
    'gradus_evidence_total{layer="outcome",polarity="negative"} 1',
    'gradus_demotions_total{from="3",to="1"} 1',
    'gradus_webhook_deliveries_total{webhook="ops",result="failed"} 1',
    'gradus_webhook_lag_records{webhook="ops"} 7',
    'gradus_alerts_total{rule="burst",severity="critical"} 1',
    'gradus_log_review_overdue{review="weekly"} 1',
    'gradus_monitoring_lag_records 12',
    'http_request_duration_seconds_bucket{le="0.005",handler="decide",method="POST",code="200"} 1',
  ])
    expect(written).toContain(line)
})

test('causes cannot grow the series without bound', async () => {
  const { observer, text } = createMetrics()
  for (let at = 0; at < CAUSES_MAX + 10; at += 1) observer({ kind: 'degraded', cause: `cause-${at}` })
  const lines = (await text()).split('\n').filter((line) => line.startsWith('gradus_degraded_total{'))
  expect(lines).toHaveLength(CAUSES_MAX + 1)
  expect(lines).toContain('gradus_degraded_total{cause="other"} 10')
})

test('trust is shown scope by scope, and what is no more is shown no more', async () => {
  const { observer, text } = createMetrics()
  const nothing = {
    falseDemotionRatio: null,
    incidentsPerThousand: null,
    complianceRatio: null,
    confidence: null,
    evidenceAge: null,
  }
  const none = { ...nothing, agents: 0, timeToAutonomy: { L3: null, L4: null }, openIncidents: 0 }
  const all = { ...none, scope: 'all' }
  const known = { falseDemotionRatio: 0.5, incidentsPerThousand: 2, complianceRatio: 0.9, confidence: 0.8, evidenceAge: 60 }
  const crm = { ...known, scope: 'crm:full', agents: 3, timeToAutonomy: { L3: 864_000, L4: null }, openIncidents: 1 }
  observer({ kind: 'trust_gauges', scopes: [all, crm] })
  const before = await text()
  for (const line of [
    'gradus_trust_agents{scope="crm:full"} 3',
    'gradus_time_to_autonomy_seconds{scope="crm:full",level="3"} 864000',
    'gradus_false_demotion_ratio{scope="crm:full"} 0.5',
    'gradus_incidents_per_thousand_actions{scope="crm:full"} 2',
    'gradus_open_incidents{scope="crm:full"} 1',
    'gradus_compliance_ratio{scope="crm:full"} 0.9',
    'gradus_trust_confidence{scope="crm:full"} 0.8',
    'gradus_evidence_age_seconds{scope="crm:full"} 60',
    'gradus_open_incidents{scope="all"} 0',
  ])
    expect(before).toContain(line)
  expect(before).not.toContain('level="4"')
  observer({ kind: 'trust_gauges', scopes: [all] })
  expect(await text()).not.toContain('crm:full')
})

test('two registries do not share series', async () => {
  const [one, other] = [createMetrics(), createMetrics()]
  one.observer({ kind: 'degraded', cause: 'x' })
  expect(await other.text()).not.toContain('cause="x"')
})
