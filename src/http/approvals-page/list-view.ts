import type { ApprovalSummary } from '../../approvals/wire.ts'
import type { Reply } from '../exchange.ts'
import { html, type Html } from './html.ts'
import { type Frame, leftText, page, timeHtml } from './layout.ts'

/** What waits for people, the one with the least time left first, and what was approved and waits for its agent. */
export function listPage(frame: Frame, approvals: readonly ApprovalSummary[], nowMs: number): Reply {
  const inState = (state: ApprovalSummary['state']): readonly ApprovalSummary[] =>
    approvals.filter((each) => each.state === state).sort((a, b) => Date.parse(a.ends_at) - Date.parse(b.ends_at))
  const [pending, approved] = [inState('pending'), inState('approved')]
  const list = (items: readonly ApprovalSummary[]): Html =>
    html`<ul class="plain">
      ${items.map((each) => item(frame, each, nowMs))}
    </ul>`
  const none = html`<p class="card">Nothing waits for you. An agent that needs a person’s yes appears here.</p>`
  const waiting = html`<h2>Approved, not yet used</h2>
    ${list(approved)}`
  const main = html`<h1>${countText(pending.length)}</h1>
    <p class="lead">As of ${timeHtml(new Date(nowMs).toISOString())}. <a href="${frame.base}">Look again</a></p>
    ${pending.length === 0 ? none : list(pending)} ${approved.length === 0 ? null : waiting}`
  return page(frame, countText(pending.length), main)
}

function countText(count: number): string {
  return count === 1 ? '1 request waits for approval' : `${count === 0 ? 'No' : count} requests wait for approval`
}

function item(frame: Frame, approval: ApprovalSummary, nowMs: number): Html {
  const { decision_id, action, agent, human, requester, scope, band, requested_at, ends_at, state, paused, pauses } = approval
  const given = approval.votes.filter(({ verdict }) => verdict === 'approve').length
  const voted = approval.votes.some(({ person }) => person === frame.session?.person)
  return html`<li class="card item">
    <h2><a href="${frame.base}/requests/${encodeURIComponent(decision_id)}">${action}</a></h2>
    <div class="side"><strong>${leftText(ends_at, nowMs)}</strong></div>
    <p>
      <span class="badge ${band}">${band} risk</span> ${paused === null ? null : html`<span class="badge pending">paused</span>`}
      <bdi>${agent ?? 'no agent'}</bdi>${human === null ? null : html` for <bdi>${human}</bdi>`} in ${scope}
    </p>
    <div class="side">${given} of ${approval.approvers_needed} approvals</div>
    <p class="small">Asked by <bdi>${requester}</bdi> at ${timeHtml(requested_at)}, decision <code>${decision_id}</code></p>
    ${pauseLines(pauses)}
    <div class="side small">${voted ? 'you have decided' : state === 'pending' ? 'needs your decision' : null}</div>
  </li> `
}

/** Since when, and by what, something is paused; nothing where it is not. */
export function pauseLines(pauses: ApprovalSummary['pauses']): Html {
  return html`${pauses.map(
    ({ cause, id, since }) => html`<p class="small">Paused since ${timeHtml(since)} by the ${cause} <code>${id}</code></p>`,
  )}`
}
