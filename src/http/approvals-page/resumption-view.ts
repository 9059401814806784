import { nameOfActor } from '../../access/actor-name.ts'
import type { ApprovalView } from '../../approvals/wire.ts'
import { REASON_CHARS_MAX } from '../../model/ceiling.ts'
import { exact, html, type Html } from './html.ts'
import { formToken, type Frame, note, pauseLines } from './layout.ts'
import { type Refused, sentence } from './message-views.ts'
import { linkTo } from './places.ts'
import type { Session } from './sessions.ts'

/** What holds a request, and, for who may let it go on, the form to say so; for others, why they may not. */
export function pausePart(frame: Frame & { readonly session: Session }, view: ApprovalView, refused: Refused | undefined): Html {
  const { paused, pauses, resumption } = view
  const ids = pauses.map(({ id }) => id)
  const may = resumption !== null && resumption.refusal === null
  return html`<div id="pauses" data-live>
      ${paused === null ? null : note('bad', `Paused: ${paused}. It does not run for now, and a yes is not taken before it is resumed.`)}
      ${pauseLines(pauses)} ${saidSo(view)}
    </div>
    <div id="resumption" data-live data-state="${JSON.stringify([resumption, may ? ids : []])}">
      ${resumption === null ? null : may ? resumptionForm(frame, view, refused) : note('warn', sentence(resumption.refusal ?? ''))}
    </div>`
}

/** Who said that it goes on although more people have to. */
function saidSo({ pauses, approvers_needed: needed }: ApprovalView): Html | null {
  const people = [...new Set(pauses.flatMap(({ resumed_by }) => resumed_by))]
  if (people.length === 0) return null
  const names = people.map((person, at) => html`${at === 0 ? '' : ', '}<bdi>${person}</bdi>`)
  return html`<p class="small">${names} said that it goes on; ${needed} different people have to.</p>`
}

/** The ids in the form are those of what is shown: a word is about the pauses that were seen. */
function resumptionForm(
  frame: Frame & { readonly session: Session },
  { decision_id, pauses }: ApprovalView,
  refused: Refused | undefined,
): Html {
  const ids = pauses.map(({ id }) => id).join('\n')
  return html`<form
    class="card resume"
    method="post"
    action="${linkTo(frame.base, { kind: 'request', id: decision_id })}/resumption"
    aria-label="Let it go on"
  >
    ${formToken(frame.session)}
    <input type="hidden" name="pauses" value="${exact(ids)}" />
    <div class="grow">
      <label for="resumption-reason"
        >Why it goes on
        <span class="small" id="resumption-help">recorded with your name, ${nameOfActor(frame.session.person)}</span></label
      >
      <input
        id="resumption-reason"
        name="reason"
        required
        maxlength="${REASON_CHARS_MAX}"
        autocomplete="off"
        value="${exact(refused?.reason ?? '')}"
        aria-describedby="resumption-help"
        ${refused === undefined ? null : html` aria-invalid="true"`}
      />
    </div>
    <button>Resume</button>
  </form>`
}
