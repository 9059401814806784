import type { ApprovalHistory, ApprovalHistoryStep } from '../../approvals/wire.ts'
import type { Reply } from '../exchange.ts'
import { html, type Html, paragraphs } from './html.ts'
import { agentLink, type Frame, htmlTable, page, searchPart, timeHtml } from './layout.ts'
import { filterQuery, type HistoryFilter } from './list-filter.ts'
import { linkTo } from './places.ts'

/** What was done, and the state that says no more than that. */
const VERBS = {
  approve: ['approved', 'approved'],
  reject: ['rejected', 'rejected'],
  withdraw: ['withdrew', 'withdrawn'],
  expire: ['ran out of time', 'expired'],
} as const satisfies Record<ApprovalHistoryStep['verb'], readonly [said: string, state: string]>

/** What was decided: when, who, what, why; the newest first, page by page. */
export function historyPage(frame: Frame, { steps, next }: ApprovalHistory, filter: HistoryFilter): Reply {
  const place = linkTo(frame.base, { kind: 'history' })
  const link = (from: number | undefined, text: string): Html =>
    html`<a href="${place}${filterQuery({ q: filter.q, from })}">${text}</a> `
  const rows = steps.map((each) => row(frame, each))
  const searching = filter.q !== '' && next !== null
  const nothing = searching
    ? 'Nothing fits in this part of the log. Older ones may.'
    : 'Nothing was decided yet, or nothing fits.'
  const main = html`<h1>History</h1>
    <p class="lead">What people, and time, decided about requests. The newest first.</p>
    <form class="filter" method="get" action="${place}" role="search">
      ${searchPart(filter.q, 'tool, agent, person, reason, id')}
      <button class="quiet">Search</button>
    </form>
    <section class="card" aria-label="Decided requests">
      ${rows.length === 0 ? html`<p>${nothing}</p>` : htmlTable(['When', 'Who', 'What', 'Request', 'Why'], rows)}
    </section>
    <nav class="pager" aria-label="Pages">
      ${filter.from === undefined ? null : link(undefined, 'Newest')} ${next === null ? null : link(next, 'Older')}
    </nav>`
  return page(frame, 'History', main)
}

/** What of the request there was not to see. */
const PAYLOADS = { masked: 'parts of the request were masked', erased: 'parts of the request were erased' } as const

function row(frame: Frame, step: ApprovalHistoryStep): Html {
  const { decision_id, at, by, verb, reason, state, agent, action, scope, resource, payload } = step
  const [said, usual] = VERBS[verb]
  const href = linkTo(frame.base, { kind: 'request', id: decision_id })
  return html`<tr>
    <td>${timeHtml(at)}</td>
    <th scope="row"><bdi>${by}</bdi></th>
    <td>
      <strong class="${verb}">${said}</strong>${state === usual ? null : html`<br /><span class="small">still ${state}</span>`}
    </td>
    <td>
      <a href="${href}">${action ?? 'request'}</a> on <bdi>${resource}</bdi><br /><span class="small"
        >${agentLink(frame.base, agent)} in ${scope}</span
      >
    </td>
    <td>
      ${payload === 'whole' ? null : html`<span class="small">${PAYLOADS[payload]}</span><br />`}${reason === null ? html`<span class="small">no reason</span>` : paragraphs(reason)}
    </td>
  </tr> `
}
