import { HOUR_MS } from '../../format/time.ts'
import { mayRun } from '../../lattice/outcome-order.ts'
import type { RiskBand } from '../../model/outcome.ts'
import type { Draw } from './draw.ts'
import { createLabels, type Labels } from './labels.ts'
import type { SimulatedPolicy, SimulatedSubject } from './policy.ts'
import { type Task, workOf } from './schedule.ts'
import { CATCH_RATE, REVIEW_HOURS, type Setting } from './setting.ts'
import { type Life, newTally, type LifeTally } from './tally.ts'
import type { SimulatedWorld } from './worlds.ts'

/** What a life is lived in. */
export type Surroundings = {
  readonly world: SimulatedWorld
  readonly policy: SimulatedPolicy
  readonly draw: Draw
  readonly setting: Setting
  readonly days: number
}

/** A chance from which on an action is meant, not a mistake. */
const MEANT = 0.5

/** Lives one agent's days under one policy in one world. Same draws, same life. */
export function live(surroundings: Surroundings): Life {
  const { world, policy, draw, days } = surroundings
  const onset = world.onset(days)
  const labels = createLabels(surroundings)
  const tally = newTally()
  let misused = false
  let reviewAtMs = Infinity

  for (const task of workOf(surroundings)) {
    const { action, band, atMs, day } = task
    labels.deliverUntil(atMs)
    if (reviewAtMs <= atMs) {
      policy.reviewed(reviewAtMs)
      reviewAtMs = Infinity
    }
    policy.advance(atMs)

    const runs = (asked: RiskBand): boolean => mayRun(policy.decide(asked, atMs).standing)
    if (world.leaves?.({ band, day, days, runs }) === true) continue
    const chance = world.badness({ action, band, day, days, runs, ranByItself: tally.ranByItself() })
    const bad = task.burst || draw(action, 'bad') < chance
    const turns = onset === 'turn' ? bad && chance >= MEANT : onset !== 'none' && day >= onset
    count(tally, { band, day, runs: runs(band), turns, bad })
    if (world.whitewashes === true && misused && !runs('low') && !runs('medium')) {
      labels.drop()
      policy.renamed()
      tally.renamed()
      misused = false
    }
    misused ||= chance >= MEANT
    const executed = carryOut(surroundings, task, bad, { labels, tally })
    if (task.burst && executed && draw(action, 'injection') < (world.injected ?? 0)) {
      policy.injection(atMs)
      reviewAtMs = Math.min(reviewAtMs, atMs + REVIEW_HOURS * HOUR_MS)
    }
  }
  return tally.life(days)
}

/** An action as it is counted before it is decided: what the policy grants it, whether the agent turns with it, and whether it is bad. */
type Attempt = {
  readonly band: RiskBand
  readonly day: number
  readonly runs: boolean
  readonly turns: boolean
  readonly bad: boolean
}

function count(tally: LifeTally, { band, day, runs, turns, bad }: Attempt): void {
  tally.stands(band, day, runs)
  if (turns && !tally.onsetSeen()) tally.begin(day)
  if (bad) tally.tried(day)
}

/** The decision about one action, who looks at it, and what comes of it. Answers whether it was carried out. */
function carryOut(
  { policy, draw }: Surroundings,
  { action, band, atMs }: Task,
  bad: boolean,
  { labels, tally }: { readonly labels: Labels; readonly tally: LifeTally },
): boolean {
  const { outcome } = policy.decide(band, atMs)
  const byItself = mayRun(outcome)
  const proposed = outcome === 'deny' || outcome === 'suggest'
  const stake = band === 'read' ? 'read' : proposed ? 'proposal' : 'executed'
  const subject: SimulatedSubject = { action, band, stake, decidedAtMs: atMs }
  const caught = bad && draw(action, 'caught') < CATCH_RATE
  // A person carries out what was only suggested, unless he sees what is wrong with it; what is denied is only judged.
  const executed = byItself || (outcome !== 'deny' && !caught)
  if (bad && executed) tally.harmed()
  tally.acted(band, byItself)
  labels.watch(subject, bad)
  if (byItself) {
    policy.ran(subject)
    labels.verifyLater(subject, bad)
  } else labels.review(subject, caught)
  labels.hearsay(subject)
  return executed
}
