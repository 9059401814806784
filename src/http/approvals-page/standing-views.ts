import type { ApprovalView } from '../../approvals/wire.ts'
import { OUTCOME_RANK } from '../../lattice/outcome-order.ts'
import type { Ceiling } from '../../model/ceiling.ts'
import { type Level, levelName } from '../../model/level.ts'
import { type Outcome, OUTCOMES } from '../../model/outcome.ts'
import { html, type Html } from './html.ts'
import { definitions, htmlTable } from './layout.ts'

const OUTCOME_NAMES = {
  deny: 'deny',
  suggest: 'suggest',
  require_approval: 'needs approval',
  allow_guarded: 'allow, guarded',
  allow: 'allow',
} as const satisfies Record<Outcome, string>

/** One row per term of the meet, as long as what it concedes; the lowest ones are those that limit. */
export function ladder(ceilings: readonly Ceiling[]): Html {
  const lowest = Math.min(...ceilings.map(({ outcome }) => OUTCOME_RANK[outcome]))
  const rows = ceilings.map(({ source, outcome, reason, obligations, guardrails }) => {
    const bounds = Object.entries(guardrails).map(([name, bound]) => `${name} ${Array.isArray(bound) ? bound.join(', ') : bound}`)
    const duties = [...obligations.map(({ id, performer }) => `${id} (${performer})`), ...bounds]
    const limits = OUTCOME_RANK[outcome] === lowest
    return html`<tr${limits ? html` class="limit"` : null}><th scope="row">${source}</th>
<td><div class="rungs" aria-hidden="true">${OUTCOMES.map((_, at) => (at <= OUTCOME_RANK[outcome] ? html`<i class="on"></i>` : html`<i></i>`))}</div></td>
<td class="outcome">${OUTCOME_NAMES[outcome]}</td><td>${reason}${duties.length === 0 ? null : html`<br /><span class="small">${duties.join(', ')}</span>`}</td></tr>
`
  })
  return html`${htmlTable(['Term', 'Ladder', 'Concedes', 'Reason'], rows)}
    <p class="small">No term lifts another: the answer is the lowest of them.</p>`
}

/** The rules that fired, and the facts that nobody could tell. */
export function riskRules({ rules, unavailable }: ApprovalView['risk']): Html {
  const rows = rules.map(
    ({ id, points, reason }) =>
      html`<tr>
        <td class="number">${points > 0 ? '+' : ''}${points}</td>
        <th scope="row">${id}</th>
        <td>${reason}</td>
      </tr> `,
  )
  return html`${rules.length === 0 ? html`<p>No rule fired: the points are those of the action itself.</p>` : htmlTable(['Points', 'Rule', 'Reason'], rows)}
  ${unavailable.length === 0 ? null : html`<p>Not known, so the highest risk: ${unavailable.join(', ')}.</p>`}`
}

/** Trust when the request came. */
export function trustList(trust: ApprovalView['trust']): Html {
  if (trust === null) return html`<p>No agent acts here, so there is no trust to weigh.</p>`
  const { score, level_granted: granted, level_effective: effective, confidence, failure_bound: bound } = trust
  return definitions([
    ['Score', html`${rounded(score)} of 1, in ${trust.scope}`],
    ['Level', html`${levelText(effective)}${granted === effective ? null : html`; granted ${levelText(granted)}`}`],
    ['Confidence', html`${rounded(confidence)} of 1`],
    ['Failure bound', rounded(bound)],
    ['Weakest layer', trust.bottleneck_layer],
  ])
}

/** A level as people read it, such as `L1 suggest`. */
export function levelText(level: Level): string {
  return `L${level} ${levelName(level).replaceAll('_', ' ')}`
}

/** A number to three decimals. */
export function rounded(value: number): string {
  return String(Math.round(value * 1_000) / 1_000)
}
