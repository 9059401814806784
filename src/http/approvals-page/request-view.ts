import type { ApprovalView } from '../../approvals/wire.ts'
import { rollbackText } from '../../evidence/rollback-view.ts'
import { REASON_CHARS_MAX } from '../../model/ceiling.ts'
import type { Reply } from '../exchange.ts'
import { exact, html, type Html, jsonHtml, paragraphs } from './html.ts'
import { definitions, formToken, type Frame, leftText, note, page, section, timeHtml } from './layout.ts'
import { pauseLines } from './list-view.ts'
import type { Session } from './sessions.ts'
import { ladder, riskRules, trustList } from './standing-views.ts'

/** A reason that was not accepted, with why. */
export type Refused = { readonly reason: string; readonly problem: string }

/** What a page of one request says besides the request: how the last form went, or why it was not accepted. */
export type RequestPageNotes = { readonly notice?: string | null; readonly refused?: Refused }

/** Everything about one request, complete, and the form to decide about it. */
export function requestPage(
  frame: Frame & { readonly session: Session },
  view: ApprovalView,
  nowMs: number,
  notes: RequestPageNotes = {},
): Reply {
  const main = html`${heading(frame, view, nowMs)} ${noteBoxes(view, notes)} ${section('who', 'Who asks', requester(view))}
  ${section('arguments', 'Arguments, complete', requestText(view.request))}
  ${view.incidents.length === 0 ? null : section('incidents', 'Incidents of the agent', incidentList(view))}
  ${view.injections.length === 0 ? null : section('injections', 'Signs of injection in what tools gave back', injectionList(view))}
  ${section('ladder', 'Why it needs a person', ladder(view.ceilings))}
  ${section('risk', `Risk: ${view.risk.points} points, ${view.risk.band}`, riskRules(view.risk))}
  ${section('trust', 'Trust when it was asked', trustList(view.trust))}
  ${section('votes', 'Verdicts so far', html`${votes(view)} ${advice(view)}`)} ${decide(frame, view, notes.refused)}`
  return page(frame, view.action, main, notes.refused === undefined ? 200 : 400)
}

function heading(frame: Frame & { readonly session: Session }, view: ApprovalView, nowMs: number): Html {
  const given = view.votes.filter(({ verdict }) => verdict === 'approve').length
  return html`<p class="small"><a href="${frame.base}">All approvals</a></p>
    <h1>${view.action}</h1>
    <p class="lead">
      <span class="badge ${view.state}">${view.state}</span> <span class="badge ${view.band}">${view.band} risk</span> ${given} of
      ${view.approvers_needed} approvals,
      ${view.state === 'pending' || view.state === 'approved' ? leftText(view.ends_at, nowMs) : 'over'}
      ${mayDecide(frame, view) ? html`· <a href="#decide">Go to your decision</a>` : null}
    </p>`
}

function noteBoxes({ payload, paused, pauses }: ApprovalView, { notice, refused }: RequestPageNotes): Html {
  return html`${notice == null ? null : note('good', notice)}${refused === undefined ? null : note('bad', refused.problem)}
  ${payloadNote(payload)}${paused === null ? null : note('bad', `Paused: ${paused}. It does not run for now, and a yes is not taken before it is resumed.`)}
  ${pauseLines(pauses)}`
}

function requester(view: ApprovalView): Html {
  const { rollback } = view
  return definitions([
    ['Agent', view.agent ?? 'none'],
    ['On behalf of', view.human ?? 'no proven human'],
    ['Asked by', view.requester],
    ['Scope', view.scope],
    ['Asked', timeHtml(view.requested_at)],
    [view.state === 'approved' ? 'May run until' : 'Ends', timeHtml(view.ends_at)],
    ['Undoing it', html`${rollbackText(rollback)}${rollback.until === null ? null : html` Until ${timeHtml(rollback.until)}.`}`],
    ['Decision', html`<code>${view.decision_id}</code>`],
    ['Request digest', html`<code>${view.request_digest}</code>`],
  ])
}

function requestText(request: unknown): Html {
  const { args, rest } = requestParts(request)
  return html`${args === undefined ? html`<p>The request has no arguments.</p>` : html`<pre>${jsonHtml(args)}</pre>`}
    <h2>The rest of the request</h2>
    <pre>${jsonHtml(rest)}</pre>
    <p class="small">
      Nothing is cut. Characters that are invisible or change the writing direction stand as <mark>U+202E</mark>.
    </p>`
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

/** What went wrong with the agent before, and what of it still bounds it here. */
function incidentList({ incidents }: ApprovalView): Html {
  return definitions(
    incidents.map(({ incident_id, class: of, state, cap, since }) => {
      const standing = state === 'open' ? 'waits for its review' : 'no review is due'
      return [
        html`<bdi>${of}</bdi>`,
        html`since ${timeHtml(since)}, caps trust at ${cap}, ${standing}<br /><code>${incident_id}</code>`,
      ] as const
    }),
  )
}

/** What may be steering the agent: where it was found, by whom, and how sure that is. */
function injectionList({ injections }: ApprovalView): Html {
  const entries = injections.map(
    ({ agent, action, by, confidence, reason, record_id, at }) =>
      [
        html`<bdi>${action ?? agent}</bdi>`,
        html`${timeHtml(at)}, confidence ${confidence}, says <bdi>${by}</bdi> of what was given to <bdi>${agent}</bdi><br />
          ${paragraphs(reason)}<code>${record_id}</code>`,
      ] as const,
  )
  return html`<p>
      The agent may be doing what a text told it to do that it read. Approve only what you would want without that text.
    </p>
    ${definitions(entries)}`
}

/** What judging agents said; they decide nothing. */
function advice({ advice: given }: ApprovalView): Html | null {
  if (given.length === 0) return null
  const entries = given.map(({ by, class: of, at }) => [html`<bdi>${by}</bdi>`, html`${of}, ${timeHtml(at)}`] as const)
  return html`<p>Judging agents say, as advice only:</p>
    ${definitions(entries)}`
}

function votes({ votes: given, approvers_needed: needed }: ApprovalView): Html {
  if (given.length === 0)
    return html`<p>None. ${needed === 1 ? 'One person has' : `${needed} different people have`} to approve.</p>`
  const entries = given.map(({ person, verdict, reason, at }) => {
    const verb = verdict === 'approve' ? 'approved' : 'rejected'
    return [html`<bdi>${person}</bdi>`, html`<strong>${verb}</strong>, ${timeHtml(at)}<br />${paragraphs(reason)}`] as const
  })
  return definitions(entries)
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
