import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

import { ALERT_FORMS } from '../../src/evidence/signals/settings.ts'
import { request } from '../support/callers.ts'
import { type Scene, scene, stateOf } from './server.ts'

const alertsOf = (name: string): string => readFileSync(join(import.meta.dirname, `../data/alerts/${name}.json`), 'utf8')
const MAPPINGS = ALERT_FORMS.map((form) => ({ id: form, form, credentials: ['detectors', 'directory'] }))
const mapped = (more: object = {}): Promise<Scene> => scene({ mappings: MAPPINGS, ...more })

/* eslint-disable @typescript-eslint/no-explicit-any */
/** What became of each alert of a body. */
const classesOf = (body: any): unknown[] =>
  (body.items ?? [{ status: 200, answer: body }]).map((item: any) => item.answer?.class ?? item.status)

describe('an alert of another system', () => {
  test.each([
    ['falco', 'falco', ['exfiltration']],
    ['alertmanager', 'alertmanager', ['session_risk', 400, 400]],
    ['splunk', 'splunk', ['session_risk']],
    ['elastic', 'elastic', ['injection_indicator', 'session_risk']],
    ['sentinel', 'sentinel', ['permission_escalation']],
    ['sentinel', 'sentinel-table', ['session_risk']],
    ['ocsf', 'ocsf', ['exfiltration']],
  ])('of %s (%s.json) becomes %j, counts once, and is in the record as it came', async (form, name, classes) => {
    const at = await mapped()
    const sent = alertsOf(name)
    const first = await at.send('detectors', `/signals/${form}`, sent)
    expect([first.status, classesOf(first.body)], JSON.stringify(first.body)).toEqual([200, classes])
    const [before, state] = [at.store.size(), await stateOf(at.store)]
    const again = await at.send('detectors', `/signals/${form}`, sent)
    expect(classesOf(again.body)).toEqual(classes)
    const [answer] = again.body.items?.map((item: { answer: unknown }) => item.answer) ?? [again.body]
    expect(answer.duplicate).toBe(true)
    expect([at.store.size(), await stateOf(at.store)]).toEqual([before, state])
    const [record] = await at.store.query({ kinds: ['signal'], limit: 1 })
    const signal = (record?.record.body as { readonly signal?: { readonly alert?: unknown } }).signal
    expect(record?.record.agent).toBe('support-agent')
    expect(sent).toContain(JSON.stringify(Object.keys(signal?.alert as object)[0]))
  })

  test('about a decision weighs as a judgement of it, by its severity', async () => {
    const at = await mapped()
    const { body } = await at.send('gateway', '/decisions', request('coding-agent', 'read_file'))
    const labels = { agent: 'coding-agent', decision_id: body.decision_id, severity: 'warning' }
    const alerts = [{ status: 'firing', labels, startsAt: '2026-03-02T10:00:00Z', fingerprint: 'a' }]
    const answer = await at.send('detectors', '/signals/alertmanager', { version: '4', alerts })
    expect(answer.body.items[0].answer, JSON.stringify(answer.body)).toMatchObject({
      class: 'suspicious',
      layer: 'behaviour',
      decision_id: body.decision_id,
    })
    const others = [{ ...alerts[0], labels: { ...labels, agent: 'support-agent' }, fingerprint: 'b' }]
    const wrong = await at.send('detectors', '/signals/alertmanager', { alerts: others })
    expect(wrong.body.items[0]).toMatchObject({
      status: 400,
      problem: { detail: expect.stringContaining('not one of the agent') },
    })
  })

  test('that no class fits is refused with the reasons, changes nothing, and is counted', async () => {
    const at = await mapped()
    const before = [at.store.size(), await stateOf(at.store)]
    const { status, body } = await at.send('detectors', '/signals/falco', { priority: 'Debug', rule: 'r', time: 't' })
    expect([status, body.detail]).toEqual([400, expect.stringContaining('"Debug" at /priority is not in its table')])
    expect(body.fix).toContain('signals.mappings')
    expect([at.store.size(), await stateOf(at.store)]).toEqual(before)
    expect((await at.send('detectors', '/signals/splunk', [])).body).toMatchObject({ accepted: 0, refused: 0 })
    expect((await at.send('detectors', '/signals/falco', '7')).status).toBe(400)
    expect(await at.metrics()).toContain('gradus_mapped_alerts_total{mapping="falco",result="unmatched"} 2')
  })

  test('whose changing texts say the same again counts once; another severity under the same id is a conflict', async () => {
    const at = await mapped()
    const alert = (severity: string, summary: string): object => ({
      status: 'firing',
      labels: { agent: 'support-agent', session: 's', severity },
      annotations: { summary },
      startsAt: '2026-03-02T09:59:00Z',
      fingerprint: 'a',
    })
    const sent = [alert('warning', '3 calls'), alert('warning', '4 calls'), alert('critical', '4 calls')]
    const { body } = await at.send('detectors', '/signals/alertmanager', { alerts: sent })
    expect(body.items.map((item: any) => [item.status, item.answer?.duplicate])).toEqual([
      [200, false],
      [200, true],
      [409, undefined],
    ])
  })
})

describe('who may send by a mapping', () => {
  test('is who stands in it; for anybody else it is not there', async () => {
    const at = await mapped()
    const stranger = await at.send('second', '/signals/falco', alertsOf('falco'))
    const missing = await at.send('second', '/signals/nothing', alertsOf('falco'))
    expect([stranger.status, missing.status]).toEqual([404, 404])
    expect(stranger.body.detail.replace('falco', 'nothing')).toBe(missing.body.detail)
    expect((await at.send('gateway', '/signals/falco', alertsOf('falco'))).status).toBe(403)
  })

  test('may say by it only what its credential may say anyhow', async () => {
    const at = await mapped()
    const { status, body } = await at.send('directory', '/signals/falco', alertsOf('falco'))
    expect([status, body.detail]).toEqual([403, expect.stringContaining('layer')])
    const unknown = alertsOf('falco').replace('support-agent', 'nobody')
    expect((await at.send('detectors', '/signals/falco', unknown)).status).toBe(400)
  })

  test('is charged for each alert of a list', async () => {
    const at = await mapped({ http: { rates: { reports: { per_second: 1, burst: 2 } } } })
    expect((await at.send('detectors', '/signals/alertmanager', alertsOf('alertmanager'))).status).toBe(413)
  })
})

describe('a mapping of your own', () => {
  test('replaces what the form says, member by member', async () => {
    const agents = { agents_support_1: 'support-agent' }
    const mappings = [
      {
        id: 'runtime',
        form: 'falco',
        credentials: ['detectors'],
        agent: { at: ['/output_fields/container.name'], table: agents },
      },
    ]
    const at = await scene({ mappings })
    const sent = alertsOf('falco').replace('"agent": "support-agent",', '')
    expect((await at.send('detectors', '/signals/runtime', sent)).body).toMatchObject({
      class: 'exfiltration',
      agent: 'support-agent',
    })
  })

  test('needs no form', async () => {
    const mappings = [
      {
        id: 'own',
        credentials: ['detectors'],
        source: 'https://scanner.example',
        agent: { at: ['/who'] },
        time: { at: ['/when'], unit: 'seconds' },
        event_id: [{ at: ['/no'] }],
        classes: [{ class: 'canary_tripped', when: [{ at: ['/kind'], in: ['Canary'] }] }],
      },
    ]
    const at = await scene({ mappings })
    const alert = { who: 'support-agent', when: 1_772_445_599, no: 5, kind: 'canary' }
    const answers = await at.send('detectors', '/signals/own', [alert, { ...alert, when: 'soon', no: 6 }, { ...alert, no: null }])
    expect(answers.body.items.map((item: any) => item.status)).toEqual([200, 400, 400])
    expect(answers.body.items[0]).toMatchObject({
      source: 'https://scanner.example',
      id: '5',
      answer: { class: 'canary_tripped' },
    })
    expect(answers.body.items[1].problem.detail).toContain('no time in seconds')
    expect(answers.body.items[2].problem.detail).toContain('"event_id" of the mapping "own" is not in the alert')
    expect(await at.metrics()).toContain('gradus_mapped_alerts_total{mapping="own",result="refused"} 2')
  })
})
