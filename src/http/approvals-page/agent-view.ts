import type { AgentTrustAnswer } from '../../ladder/wire.ts'
import { LAYERS } from '../../model/layer.ts'
import type { Reply } from '../exchange.ts'
import { html, type Html } from './html.ts'
import { definitions, type Frame, htmlTable, note, page, section, STALE_NOTE, timeHtml } from './layout.ts'
import { levelText, rounded } from './standing-views.ts'

type ScopeStanding = AgentTrustAnswer['scopes'][number]

/** An agent's trust as people read it: what stops it, and each scope with its level, what holds it there and the way up. */
export function agentPage(frame: Frame, trust: AgentTrustAnswer): Reply {
  const { agent, known, class: of, tier, at, scopes } = trust
  const main = html`<p class="small"><a href="${frame.base}">All approvals</a></p>
    <h1>Trust of ${agent}</h1>
    ${STALE_NOTE}
    <div id="trust" data-live>
      <p class="lead">
        ${known ? html`An agent of the class ${of}, tier ${tier}.` : 'The catalogue does not know this agent.'} As of
        ${timeHtml(at)}.
      </p>
      ${stops(trust)} ${scopes.length === 0 ? html`<p class="card">It has done nothing yet that trust could rest on.</p>` : null}
      ${scopes.map((each, at_) => section(`scope-${at_}`, each.scope, scopeView(each)))}
    </div>`
  return page(frame, `Trust of ${agent}`, main)
}

/** What is out of service, and what waits for a person and caps the agent until then. */
function stops({ containments, holds }: AgentTrustAnswer): Html {
  return html`${containments.map(({ by, reason, id }) =>
    note('bad', html`Out of service by <bdi>${by}</bdi>: ${reason}`, html`<p class="small"><code>${id}</code></p>`),
  )}
  ${holds.map(({ reason, scope, cap, source, since }) =>
    note(
      'warn',
      html`Waits for a person: ${reason.replaceAll('_', ' ')} in ${scope ?? 'every scope'}, told by <bdi>${source}</bdi>,
        ${timeHtml(since)}${cap === null ? '' : `; caps the score at ${cap}`}.`,
    ),
  )}`
}

const INCIDENT_TEXTS = {
  open: 'One waits for its review and caps the score.',
  recovering: 'One was reviewed; its cap is being earned back.',
  watch: 'None is open. A failure is still fresh.',
  clear: 'None.',
} as const satisfies Record<ScopeStanding['incident']['state'], string>

const RUNGS = [0, 1, 2, 3, 4] as const

function scopeView(scope: ScopeStanding): Html {
  const { score, level_granted: granted, level_effective: effective, binding, bottleneck_layer: weakest, incident } = scope
  const { good, bad } = scope.track_record
  return html`<div class="rungs" aria-hidden="true">
      ${RUNGS.map((at) => (at <= effective ? html`<i class="on"></i>` : html`<i></i>`))}
    </div>
    ${definitions([
      [
        'Level',
        html`<strong>${levelText(effective)}</strong>${granted === effective ? null : html`; granted ${levelText(granted)}`}`,
      ],
      ['Score', html`${rounded(score)} of 1, held there by ${binding.replaceAll('_', ' ')}`],
      ['Failure bound', html`${rounded(scope.failure_bound)}: at most this share fails, as far as is known`],
      ['Confidence', html`${rounded(scope.confidence)} of 1`],
      ['Weakest layer', weakest],
      ['Came out', `${good} well, ${bad} badly`],
      ['Incidents', INCIDENT_TEXTS[incident.state]],
      ...(incident.open.length === 0 ? [] : [['To review', html`<code>${incident.open.join(', ')}</code>`] as const]),
      ['Way up', wayUp(scope)],
    ])}
    <details>
      <summary>The four layers</summary>
      ${layers(scope)}
    </details>`
}

function wayUp({ next }: ScopeStanding): Html {
  if (next === null) return html`It is at the top.`
  const missing = next.gates.filter(({ passed }) => !passed).map(({ gate }) => gate.replaceAll('_', ' '))
  const text = missing.length === 0 ? 'every gate is passed' : `missing: ${missing.join(', ')}`
  return html`${levelText(next.level)}, ${text}`
}

function layers({ layers: all }: ScopeStanding): Html {
  const rows = LAYERS.map((name) => {
    const { score, failure_bound: bound, evidence, live } = all[name]
    return html`<tr>
      <th scope="row">${name}${live ? null : html` <span class="small">not live</span>`}</th>
      <td>${rounded(score)}</td>
      <td>${rounded(bound)}</td>
      <td>${rounded(evidence.r)} good, ${rounded(evidence.s)} bad</td>
    </tr> `
  })
  return htmlTable(['Layer', 'Score', 'Failure bound', 'Evidence'], rows)
}
