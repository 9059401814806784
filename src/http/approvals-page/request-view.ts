import type { ApprovalView } from '../../approvals/wire.ts'
import { REASON_CHARS_MAX } from '../../model/ceiling.ts'
import type { Reply } from '../exchange.ts'
import { exact, html, type Html, jsonHtml, paragraphs } from './html.ts'
import { formToken, type Frame, leftText, note, page, timeHtml } from './layout.ts'
import type { Session } from './sessions.ts'
import { ladder, riskRules, rollbackText, trustList } from './standing-views.ts'

/** A reason that was not accepted, with why. */
export type Refused = { readonly reason: string; readonly problem: string }

/** Everything about one request, complete, and the form to decide about it. */
export function requestPage(
  frame: Frame & { readonly session: Session },
  view: ApprovalView,
  nowMs: number,
  more: { readonly notice?: string | null; readonly refused?: Refused } = {},
): Reply {
  const { args, rest } = requestParts(view.request)
  const given = view.votes.filter(({ verdict }) => verdict === 'approve').length
  const main = html`<p class="small"><a href="${frame.base}">All approvals</a></p>
    <h1>${view.action}</h1>
    <p class="lead">
      <span class="badge ${view.state}">${view.state}</span> <span class="badge ${view.band}">${view.band} risk</span> ${given} of
      ${view.approvers_needed} approvals,
      ${view.state === 'pending' || view.state === 'approved' ? leftText(view.ends_at, nowMs) : 'over'}
      ${mayDecide(frame, view) ? html`· <a href="#decide">Go to your decision</a>` : null}
    </p>
    ${more.notice == null ? null : note('good', more.notice)}${more.refused === undefined ? null : note('bad', more.refused.problem)}
    ${payloadNote(view.payload)}${view.paused === null ? null : note('bad', `Paused: ${view.paused}. Whatever is decided, it does not run for now.`)}
    <section class="card" aria-labelledby="who">
      <h2 id="who">Who asks</h2>
      <dl>
        <dt>Agent</dt>
        <dd>${view.agent ?? 'none'}</dd>
        <dt>On behalf of</dt>
        <dd>${view.human ?? 'no proven human'}</dd>
        <dt>Asked by</dt>
        <dd>${view.requester}</dd>
        <dt>Scope</dt>
        <dd>${view.scope}</dd>
        <dt>Asked</dt>
        <dd>${timeHtml(view.requested_at)}</dd>
        <dt>${view.state === 'approved' ? 'May run until' : 'Ends'}</dt>
        <dd>${timeHtml(view.ends_at)}</dd>
        <dt>Undoing it</dt>
        <dd>
          ${rollbackText(view.rollback)}${view.rollback.until === null ? null : html` Until ${timeHtml(view.rollback.until)}.`}
        </dd>
        <dt>Decision</dt>
        <dd><code>${view.decision_id}</code></dd>
        <dt>Request digest</dt>
        <dd><code>${view.request_digest}</code></dd>
      </dl>
    </section>
    <section class="card" aria-labelledby="arguments">
      <h2 id="arguments">Arguments, complete</h2>
      ${args === undefined ? html`<p>The request has no arguments.</p>` : html`<pre>${jsonHtml(args)}</pre>`}
      <h2>The rest of the request</h2>
      <pre>${jsonHtml(rest)}</pre>
      <p class="small">
        Nothing is cut. Characters that are invisible or change the writing direction stand as <mark>U+202E</mark>.
      </p>
    </section>
    <section class="card" aria-labelledby="ladder">
      <h2 id="ladder">Why it needs a person</h2>
      ${ladder(view.ceilings)}
    </section>
    <section class="card" aria-labelledby="risk">
      <h2 id="risk">Risk: ${view.risk.points} points, ${view.risk.band}</h2>
      ${riskRules(view.risk)}
    </section>
    <section class="card" aria-labelledby="trust">
      <h2 id="trust">Trust when it was asked</h2>
      ${trustList(view.trust)}
    </section>
    <section class="card" aria-labelledby="votes">
      <h2 id="votes">Verdicts so far</h2>
      ${votes(view)} ${advice(view)}
    </section>
    ${decide(frame, view, more.refused)}`
  return page(frame, view.action, main, more.refused === undefined ? 200 : 400)
}

/** The arguments of the tool, and everything else of the request; whatever has another shape is in the rest. */
function requestParts(request: unknown): { readonly args: unknown; readonly rest: unknown } {
  const action = memberOf(request, 'action')
  const properties = memberOf(action, 'properties')
  const args = memberOf(properties, 'arguments')
  if (args === undefined) return { args, rest: request }
  const others = Object.fromEntries(Object.entries(properties as object).filter(([name]) => name !== 'arguments'))
  const named = Object.fromEntries(Object.entries(action as object).filter(([name]) => name !== 'properties'))
  const kept = Object.keys(others).length === 0 ? named : { ...named, properties: others }
  return { args, rest: { ...(request as object), action: kept } }
}

function memberOf(value: unknown, name: string): unknown {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, name)
  return isObject ? (value as Readonly<Record<string, unknown>>)[name] : undefined
}

const PAYLOAD_NOTES = {
  whole: null,
  masked:
    'The mask policy hides parts of this request from every reader, also from you. What is hidden will run as it was asked.',
  erased: 'Parts of this request are erased. It cannot be approved.',
} as const satisfies Record<ApprovalView['payload'], string | null>

function payloadNote(payload: ApprovalView['payload']): Html | null {
  const text = PAYLOAD_NOTES[payload]
  return text === null ? null : note('warn', text)
}

/** What judging agents said; they decide nothing. */
function advice({ advice: given }: ApprovalView): Html | null {
  if (given.length === 0) return null
  const items = given.map(
    ({ by, class: of, at }) =>
      html`<dt><bdi>${by}</bdi></dt>
        <dd>${of}, ${timeHtml(at)}</dd> `,
  )
  return html`<p>Judging agents say, as advice only:</p>
    <dl>${items}</dl>`
}

function votes({ votes: given, approvers_needed: needed }: ApprovalView): Html {
  if (given.length === 0)
    return html`<p>None. ${needed === 1 ? 'One person has' : `${needed} different people have`} to approve.</p>`
  const items = given.map(
    ({ person, verdict, reason, at }) =>
      html`<dt><bdi>${person}</bdi></dt>
        <dd>
          <strong>${verdict === 'approve' ? 'approved' : 'rejected'}</strong>, ${timeHtml(at)}<br />${paragraphs(reason)}
        </dd> `,
  )
  return html`<dl>${items}</dl>`
}

const OVER = {
  approved: 'The request is approved. The agent may run it once.',
  rejected: 'The request is rejected.',
  expired: 'The time for this request is over.',
  withdrawn: 'The request was withdrawn.',
  redeemed: 'The approval was used. It is good for nothing more.',
} as const satisfies Record<Exclude<ApprovalView['state'], 'pending'>, string>

function mayDecide({ session }: Frame & { readonly session: Session }, { state, payload, votes: given }: ApprovalView): boolean {
  return state === 'pending' && payload !== 'erased' && !given.some(({ person }) => person === session.person)
}

/** The digest in the form is that of what is shown: a verdict is about what was seen. */
function decide(frame: Frame & { readonly session: Session }, view: ApprovalView, refused: Refused | undefined): Html {
  if (view.state !== 'pending') return html`<p class="card">${OVER[view.state]}</p>`
  if (!mayDecide(frame, view)) return html`<p class="card">You have decided. Another person has to decide, too.</p>`
  return html`<section class="card decide" aria-labelledby="decide">
    <h2 id="decide">Your decision</h2>
    <form method="post" action="${frame.base}/requests/${encodeURIComponent(view.decision_id)}">
      ${formToken(frame.session)}
      <input type="hidden" name="request_digest" value="${exact(view.request_digest)}" />
      <label for="reason">Reason</label>
      <textarea
        id="reason"
        name="reason"
        required
        maxlength="${REASON_CHARS_MAX}"
        aria-describedby="reason-help"
        ${refused === undefined ? null : html` aria-invalid="true"`}
      >
${refused === undefined ? null : exact(refused.reason)}</textarea>
      <p class="small" id="reason-help">
        What you checked, or what is wrong. It is recorded with your name, ${frame.session.person}.
      </p>
      <div class="buttons">
        <button class="approve" name="verdict" value="approve">Approve</button>
        <button class="reject" name="verdict" value="reject">Reject</button>
      </div>
    </form>
  </section>`
}
