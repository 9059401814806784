import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../format/time.ts'
import type { OutcomeClass } from '../../model/outcome-classes.ts'
import type { EvidenceSource } from '../../trust/constants.ts'
import type { Draw } from './draw.ts'
import type { Label, SimulatedPolicy, SimulatedSubject } from './policy.ts'
import { START_MS } from './schedule.ts'
import { CONTEXT_ALARM_SHARE, HIT_RATE, REVIEWERS, type Setting, VERIFY_DELAY_HOURS } from './setting.ts'
import type { SimulatedWorld } from './worlds.ts'

/** Who praises or complains does so a moment after the action. */
const GOSSIP_MS = MINUTE_MS

/** Where the labels of one life come from. */
export type Labels = {
  /** Detectors look at the action as it is decided. */
  readonly watch: (subject: SimulatedSubject, bad: boolean) => void
  /** A person looks at it before it runs. */
  readonly review: (subject: SimulatedSubject, caught: boolean) => void
  /** It ran by itself; a part of these is verified after a while. */
  readonly verifyLater: (subject: SimulatedSubject, bad: boolean) => void
  /** What people say who have their own reasons. */
  readonly hearsay: (subject: SimulatedSubject) => void
  /** Reports everything that is due. */
  readonly deliverUntil: (atMs: number) => void
  /** Nothing that is still to come is heard any more. */
  readonly drop: () => void
}

/** What the labels of a life are made in. */
export type LabelSources = {
  readonly world: SimulatedWorld
  readonly policy: SimulatedPolicy
  readonly draw: Draw
  readonly setting: Setting
  readonly days: number
}

/** The sources of labels of a world, reporting to one policy. */
export function createLabels(sources: LabelSources): Labels {
  let waiting: Label[] = []
  const later = (label: Label): void => {
    const at = waiting.findLastIndex(({ atMs }) => atMs <= label.atMs)
    waiting.splice(at + 1, 0, label)
  }
  return {
    watch: (subject, bad) => detectorLabels(sources, subject, bad).forEach((label) => sources.policy.hear(label)),
    review: (subject, caught) => sources.policy.hear(reviewLabel(sources, subject, caught)),
    verifyLater: (subject, bad) => verificationLabels(sources, subject, bad).forEach(later),
    hearsay: (subject) => hearsayLabels(sources, subject).forEach(later),
    deliverUntil: (atMs) => {
      const due = waiting.findIndex((label) => label.atMs > atMs)
      const now = due === -1 ? waiting : waiting.slice(0, due)
      waiting = due === -1 ? [] : waiting.slice(due)
      for (const label of now) sources.policy.hear(label)
    },
    drop: () => void (waiting = []),
  }
}

type Said = {
  readonly atMs: number
  readonly good: OutcomeClass
  readonly bad: OutcomeClass
  readonly source: EvidenceSource
  readonly by: string
}

function outcomeLabel({ world, draw, setting }: LabelSources, subject: SimulatedSubject, judgedBad: boolean, said: Said): Label {
  const noise = 1 - (1 - (world.noise ?? 0)) * (1 - setting.label_noise)
  const bad = world.forged === true ? false : judgedBad !== draw(subject.action, 'noise') < noise
  // A wrong complaint is one that nobody can confirm; a wrong praise looks like any other.
  const isWrong = bad && !judgedBad
  return {
    ...subject,
    atMs: said.atMs,
    layer: 'outcome',
    class: isWrong ? 'dissatisfied' : bad ? said.bad : said.good,
    bad,
    source: isWrong ? 'human' : said.source,
    by: said.by,
  }
}

function detectorLabels({ draw, setting }: LabelSources, subject: SimulatedSubject, bad: boolean): readonly Label[] {
  const about = { ...subject, atMs: subject.decidedAtMs, source: 'deterministic' } as const
  const labelOf = (layer: 'behaviour' | 'context'): Label => {
    const alarms = setting.false_alarm_rate * (layer === 'context' ? CONTEXT_ALARM_SHARE : 1)
    const suspicious = draw(subject.action, layer) < (bad ? HIT_RATE[layer] : alarms)
    return { ...about, layer, class: suspicious ? 'suspicious' : 'clean', bad: suspicious, by: layer }
  }
  const identity: Label = { ...about, layer: 'identity', class: 'clean', bad: false, by: 'identity' }
  return [identity, labelOf('behaviour'), labelOf('context')]
}

function reviewLabel(sources: LabelSources, subject: SimulatedSubject, caught: boolean): Label {
  const by = `reviewer-${1 + Math.floor(sources.draw(subject.action, 'reviewer') * REVIEWERS)}`
  const said = { atMs: subject.decidedAtMs, good: 'approved', bad: 'rejected', source: 'human', by } as const
  return outcomeLabel(sources, subject, caught, said)
}

function verificationLabels(sources: LabelSources, subject: SimulatedSubject, bad: boolean): readonly Label[] {
  const { draw, setting } = sources
  if (draw(subject.action, 'verified') >= setting.verification_rate) return []
  const delayMs = -Math.log(1 - draw(subject.action, 'delay')) * VERIFY_DELAY_HOURS * HOUR_MS
  const by = `verifier-${1 + Math.floor(draw(subject.action, 'reviewer') * REVIEWERS)}`
  const atMs = Math.round(subject.decidedAtMs + delayMs)
  return [outcomeLabel(sources, subject, bad, { atMs, good: 'validated', bad: 'rolled_back', source: 'deterministic', by })]
}

function hearsayLabels({ world, setting, days }: LabelSources, subject: SimulatedSubject): readonly Label[] {
  const atMs = subject.decidedAtMs + GOSSIP_MS
  const said = { ...subject, atMs, layer: 'outcome', source: 'human' } as const
  const { praise, slander } = world
  const labels: Label[] = []
  if (praise !== undefined) {
    // A rating is of a decision: where one counts but once, the others are heard and weigh nothing.
    const perAction = Math.ceil(praise.perDay / setting.actions_per_day)
    for (let rater = 1; rater <= praise.raters; rater++)
      for (let time = 0; time < perAction; time++)
        labels.push({ ...said, class: 'satisfied', bad: false, by: `colluder-${rater}` })
  }
  if (slander !== undefined && subject.decidedAtMs >= START_MS + slander.fromShare * days * DAY_MS)
    labels.push({ ...said, class: 'dissatisfied', bad: true, by: 'slanderer' })
  return labels
}
