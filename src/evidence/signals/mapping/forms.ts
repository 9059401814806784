import type { ALERT_FORMS, AlertClass, SignalMapping } from '../settings.ts'

/** What a form says for a mapping that names it. */
export type AlertForm = { readonly [Member in 'agent' | 'event_id' | 'classes']: NonNullable<SignalMapping[Member]> } & Pick<
  SignalMapping,
  'items' | 'time' | 'severity' | 'session' | 'decision'
>

/** Tactics and techniques in the spellings in which systems name them: MITRE ATT&CK and, for what is done to models, ATLAS. */
const EXFILTRATION = ['TA0010', 'exfiltration', 'mitre_exfiltration']
const ESCALATION = [
  'TA0004',
  'PrivilegeEscalation',
  'privilege escalation',
  'privilege-escalation',
  'privilege_escalation',
  'mitre_privilege_escalation',
]
const INJECTION = ['AML.T0051', 'AML.T0051.000', 'AML.T0051.001', 'LLM Prompt Injection']

type Condition = AlertClass['when'][number]

/** What becomes of alerts of any form: what its tactic says, else its decision, else its session. `marks`: where tactics stand. */
function classesBy(marks: Condition['at'], always: readonly Condition[] = []): AlertClass[] {
  const row = (of: AlertClass['class'], severity: AlertClass['severity'], more: Partial<AlertClass> = {}): AlertClass => ({
    class: of,
    severity,
    data: {},
    ...more,
    when: [...always, ...(more.when ?? [])],
  })
  const marked = (names: string[]): Pick<AlertClass, 'when'> => ({ when: [{ at: marks, in: names }] })
  const injection = (confidence: number): Partial<AlertClass> => ({
    ...marked(INJECTION),
    data: { confidence: { value: confidence }, found_in: { value: 'behaviour' } },
  })
  const judged = { data: { layer: { value: 'behaviour' } } }
  const level = (word: string): Partial<AlertClass> => ({ data: { level: { value: word } } })
  return [
    row('injection_indicator', ['high', 'critical'], injection(0.8)),
    row('injection_indicator', ['medium'], injection(0.5)),
    row('exfiltration', ['high', 'critical'], marked(EXFILTRATION)),
    row('permission_escalation', ['high', 'critical'], marked(ESCALATION)),
    row('violating', ['critical'], judged),
    row('anomalous', ['high'], judged),
    row('suspicious', ['medium'], judged),
    row('session_risk', ['high', 'critical'], level('high')),
    row('session_risk', ['medium'], level('medium')),
    row('session_risk', ['low'], level('low')),
  ]
}

const LOW_TO_CRITICAL = { low: 'low', medium: 'medium', high: 'high', critical: 'critical' }

/** OCSF 1.x, class 2004: new and changed findings, not closed ones. */
const OCSF: AlertForm = {
  agent: { at: ['/ai_agent/uid', '/actor/app_uid', '/unmapped/agent'] },
  time: { at: ['/time'], unit: 'milliseconds' },
  event_id: [{ at: ['/metadata/uid', '/finding_info/uid'] }],
  severity: { at: ['/severity_id'], table: { 2: 'low', 3: 'medium', 4: 'high', 5: 'critical', 6: 'critical' } },
  session: { at: ['/actor/session/uid', '/session/uid', '/unmapped/session'] },
  decision: { at: ['/unmapped/decision_id'] },
  classes: classesBy(
    [
      '/finding_info/attacks/0/tactic/uid',
      '/finding_info/attacks/0/technique/uid',
      '/finding_info/attacks/0/tactics/0/uid',
      '/attacks/0/tactic/uid',
      '/attacks/0/technique/uid',
      '/attacks/0/tactics/0/uid',
    ],
    [
      { at: ['/class_uid'], in: [2004] },
      { at: ['/activity_id'], in: [1, 2] },
    ],
  ),
}

/** Splunk's webhook alert action: the first row of the search is under `result`. */
const SPLUNK: AlertForm = {
  agent: { at: ['/result/agent'] },
  time: { at: ['/result/_time'], unit: 'seconds' },
  event_id: [{ at: ['/sid'] }],
  severity: { at: ['/result/severity', '/result/urgency'], table: LOW_TO_CRITICAL },
  session: { at: ['/result/session'] },
  decision: { at: ['/result/decision_id'] },
  classes: classesBy([
    '/result/annotations.mitre_attack.mitre_tactic',
    '/result/annotations.mitre_attack.mitre_tactic_id',
    '/result/annotations.mitre_attack',
    '/result/mitre_tactic',
    '/result/mitre_technique_id',
  ]),
}

/** Alerts of Elastic Security, with their members nested or flat. */
const ELASTIC: AlertForm = {
  items: ['/alerts', '/context/alerts'],
  agent: { at: ['/labels/agent', '/labels.agent', '/service/name', '/service.name'] },
  time: { at: ['/@timestamp'], unit: 'rfc3339' },
  event_id: [{ at: ['/kibana/alert/uuid', '/kibana.alert.uuid', '/_id'] }],
  severity: { at: ['/kibana/alert/severity', '/kibana.alert.severity'], table: LOW_TO_CRITICAL },
  session: { at: ['/labels/session', '/labels.session'] },
  decision: { at: ['/labels/decision_id', '/labels.decision_id'] },
  classes: classesBy([
    '/kibana/alert/rule/threat/0/tactic/id',
    '/kibana/alert/rule/threat/0/technique/0/id',
    '/kibana.alert.rule.threat/0/tactic/id',
    '/kibana.alert.rule.threat/0/technique/0/id',
    '/threat/tactic/id',
    '/threat/technique/id',
    '/threat.tactic.id',
    '/threat.technique.id',
  ]),
}

/** Microsoft Sentinel: alerts as its API and the incidents of its automation rules have them, and rows of the table SecurityAlert. */
const SENTINEL: AlertForm = {
  items: ['/object/properties/alerts', '/properties/alerts', '/value'],
  agent: {
    at: ['/properties/additionalData/agent', '/ExtendedProperties/agent', '/properties/compromisedEntity', '/CompromisedEntity'],
  },
  time: { at: ['/properties/timeGenerated', '/TimeGenerated'], unit: 'rfc3339' },
  event_id: [{ at: ['/properties/systemAlertId', '/SystemAlertId'] }],
  severity: {
    at: ['/properties/severity', '/AlertSeverity', '/Severity'],
    table: { low: 'low', medium: 'medium', high: 'high' },
  },
  session: { at: ['/properties/additionalData/session', '/ExtendedProperties/session'] },
  decision: { at: ['/properties/additionalData/decision_id', '/ExtendedProperties/decision_id'] },
  classes: classesBy(['/properties/tactics', '/Tactics', '/properties/additionalData/techniques', '/Techniques']),
}

/** Falco with `json_output`, and Falcosidekick. Falco numbers nothing: time, rule, and whose it is, tell alerts apart. */
const FALCO: AlertForm = {
  agent: {
    at: ['/output_fields/agent', '/output_fields/container.label.agent', '/output_fields/k8s.pod.label.agent'],
  },
  time: { at: ['/time'], unit: 'rfc3339' },
  event_id: [{ at: ['/time'] }, { at: ['/rule'] }, { at: ['/uuid', '/hostname', '/source'] }],
  severity: {
    at: ['/priority'],
    table: { emergency: 'critical', alert: 'critical', critical: 'critical', error: 'high', warning: 'medium', notice: 'low' },
  },
  session: { at: ['/output_fields/session'] },
  decision: { at: ['/output_fields/decision_id'] },
  classes: classesBy(['/tags']),
}

/** Prometheus Alertmanager, webhook version 4; resolved alerts say nothing about an agent. */
const ALERTMANAGER: AlertForm = {
  items: ['/alerts'],
  agent: { at: ['/labels/agent'] },
  time: { at: ['/startsAt'], unit: 'rfc3339' },
  event_id: [{ at: ['/fingerprint'] }, { at: ['/startsAt'] }],
  severity: {
    at: ['/labels/severity'],
    table: { ...LOW_TO_CRITICAL, page: 'critical', error: 'high', warning: 'medium' },
  },
  session: { at: ['/labels/session', '/annotations/session'] },
  decision: { at: ['/labels/decision_id', '/annotations/decision_id'] },
  classes: classesBy(['/labels/tactic', '/labels/mitre_tactic', '/labels/technique'], [{ at: ['/status'], in: ['firing'] }]),
}

/** The forms by name. */
export const FORMS: Readonly<Record<(typeof ALERT_FORMS)[number], AlertForm>> = {
  ocsf: OCSF,
  splunk: SPLUNK,
  elastic: ELASTIC,
  sentinel: SENTINEL,
  falco: FALCO,
  alertmanager: ALERTMANAGER,
}
