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

test('two registries do not share series', async () => {
  const [one, other] = [createMetrics(), createMetrics()]
  one.observer({ kind: 'degraded', cause: 'x' })
  expect(await other.text()).not.toContain('cause="x"')
})
