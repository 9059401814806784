import { nameOfActor } from '../../access/actor-name.ts'
import { hasVoted } from '../../approvals/rules/approval-rules.ts'
import type { ApprovalView } from '../../approvals/wire.ts'
import { rollbackText } from '../../evidence/rollback-view.ts'
import { REASON_CHARS_MAX } from '../../model/ceiling.ts'
import type { Reply } from '../exchange.ts'
import { givenText } from './card-view.ts'
import { exact, html, type Html, jsonHtml, paragraphs } from './html.ts'
import { agentLink, definitions, formToken, type Frame, leftText, note, page, section, STALE_NOTE, timeHtml } from './layout.ts'
import { lookAlikes, type LookAlikes } from './look-alikes-view.ts'
import { linkTo } from './places.ts'
import type { Refused } from './message-views.ts'
import { pausePart } from './resumption-view.ts'
import { requestParts, resourceOf } from './request-leaves.ts'
import type { Session } from './sessions.ts'
import { ladder, riskRules, trustList } from './standing-views.ts'

/**
 * What a page of one request says besides the request: how the last form went, or why it was not accepted, and what looks like it.
 * `refused` is about a verdict, `resuming` about letting it go on.
 */
export type RequestPageNotes = {
  readonly notice?: string | null
  readonly refused?: Refused
  readonly resuming?: Refused
  readonly alike?: LookAlikes
}

/** Everything about one request, complete, and the form to decide about it. */
export function requestPage(
  frame: Frame & { readonly session: Session },
  view: ApprovalView,
  nowMs: number,
  notes: RequestPageNotes = {},
): Reply {
  const main = html`${heading(frame, view, nowMs)} ${noteBoxes(frame, view, notes)}
  ${view.injections.length === 0 ? null : section('injections', 'Signs of injection in what tools gave back', injectionList(view))}
  ${view.incidents.length === 0 ? null : section('incidents', 'Incidents of the agent', incidentList(view))}
  ${lookAlikes(frame, view, notes.alike)} ${section('arguments', 'Arguments, complete', requestText(view.request))}
  ${section('who', 'Who asks', requester(frame, view))} ${section('ladder', 'Why it needs a person', ladder(view.ceilings))}
  ${section('risk', `Risk: ${view.risk.points} points, ${view.risk.band}`, riskRules(view.risk))}
  ${section('trust', 'Trust when it was asked', html`${trustList(view.trust)} ${trustLink(frame, view)}`)}
  ${section('votes', 'Verdicts so far', html`<div id="verdicts" data-live>${votes(view)} ${advice(view)}</div>`)}
  ${decide(frame, view, notes.refused)}`
  return page(frame, view.action, main, (notes.refused ?? notes.resuming) === undefined ? 200 : 400)
}

function heading(frame: Frame, view: ApprovalView, nowMs: number): Html {
  return html`<p class="small"><a href="${frame.base}">All approvals</a></p>
    <h1>${view.action}</h1>
    ${STALE_NOTE}
    <p class="lead" id="standing" data-live>
      <span class="badge ${view.state}">${view.state}</span>
      <span class="badge ${view.band}">${view.band} risk</span> ${agentLink(frame.base, view.agent)} asks for
      <bdi>${resourceOf(view.request) ?? 'no resource'}</bdi>; ${givenText(view)},
      ${view.state === 'pending' || view.state === 'approved' ? leftText(view.ends_at, nowMs) : 'over'}
    </p>`
}

function noteBoxes(frame: Frame & { readonly session: Session }, view: ApprovalView, notes: RequestPageNotes): Html {
  const { notice, refused, resuming } = notes
  const problem = (refused ?? resuming)?.problem
  return html`${notice == null ? null : note('good', notice)}${problem === undefined ? null : note('bad', problem)}
  ${payloadNote(view.payload, view.masked)} ${pausePart(frame, view, resuming)}`
}

function requester(frame: Frame, view: ApprovalView): Html {
  const { rollback } = view
  return definitions([
    ['Agent', agentLink(frame.base, view.agent)],
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

const PAYLOAD_NOTES = {
  whole: null,
  masked:
    'The mask policy hides parts of this request from every reader, also from you. What is hidden will run as it was asked.',
  erased: 'Parts of this request are erased. It cannot be approved.',
} as const satisfies Record<ApprovalView['payload'], string | null>

/** What is hidden, by place, with the names and types of it. */
function payloadNote(payload: ApprovalView['payload'], masked: ApprovalView['masked']): Html | null {
  const text = PAYLOAD_NOTES[payload]
  if (text === null) return null
  if (Object.keys(masked).length === 0) return note('warn', text)
  return html`${note('warn', text)}
    <pre id="masked" aria-label="What is hidden: names and types">${jsonHtml(masked)}</pre>`
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

function trustLink({ base }: Frame, { agent }: ApprovalView): Html | null {
  if (agent === null) return null
  return html`<p class="small">
    <a href="${linkTo(base, { kind: 'agent', id: agent })}">Trust of <bdi>${agent}</bdi> as it is now</a>
  </p>`
}

/** What judging agents said, and why; they decide nothing. */
function advice({ advice: given }: ApprovalView): Html | null {
  if (given.length === 0) return null
  const entries = given.map(({ by, class: of, at, reason }) => {
    const why = reason === null ? html`<span class="small">no reason given</span>` : paragraphs(reason)
    return [html`<bdi>${by}</bdi>`, html`<strong>${of}</strong>, ${timeHtml(at)}<br />${why}`] as const
  })
  return html`<h3>Judging agents say, as advice only</h3>
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
  return state === 'pending' && payload !== 'erased' && !hasVoted(given, session.person)
}

/** The digest in the form is that of what is shown: a verdict is about what was seen. The form is replaced only once it is of no use. */
function decide(frame: Frame & { readonly session: Session }, view: ApprovalView, refused: Refused | undefined): Html {
  const may = mayDecide(frame, view)
  return html`<div
    class="${may ? 'decide' : 'decided'}"
    id="decision"
    data-live
    data-state="${view.state} ${may ? 'open' : 'closed'}"
  >
    ${may ? decisionForm(frame, view, refused) : html`<p class="card">${doneText(view)}</p>`}
  </div>`
}

function doneText({ state, payload }: ApprovalView): string {
  if (state !== 'pending') return OVER[state]
  return payload === 'erased' ? 'Nobody can decide about it any more.' : 'You have decided. Another person has to decide, too.'
}

function decisionForm(frame: Frame & { readonly session: Session }, view: ApprovalView, refused: Refused | undefined): Html {
  return html`<form
    method="post"
    action="${linkTo(frame.base, { kind: 'request', id: view.decision_id })}"
    aria-label="Your decision"
  >
    ${formToken(frame.session)}
    <input type="hidden" name="request_digest" value="${exact(view.request_digest)}" />
    <div class="grow">
      <label for="reason"
        >Reason <span class="small" id="reason-help">recorded with your name, ${nameOfActor(frame.session.person)}</span></label
      >
      <textarea
        id="reason"
        name="reason"
        required
        rows="2"
        maxlength="${REASON_CHARS_MAX}"
        placeholder="What you checked, or what is wrong"
        aria-describedby="reason-help"
        ${refused === undefined ? null : html` aria-invalid="true"`}
      >
${refused === undefined ? null : exact(refused.reason)}</textarea>
    </div>
    <div class="buttons">
      <button class="approve" name="verdict" value="approve">Approve</button>
      <button class="reject" name="verdict" value="reject">Reject</button>
    </div>
  </form>`
}
