import { DAY_MS, HOUR_MS } from '../../format/time.ts'
import type { RiskBand } from '../../model/outcome.ts'
import type { Draw } from './draw.ts'
import { BAND_SHARES, type Setting, WORKING_HOURS } from './setting.ts'
import type { SimulatedWorld } from './worlds.ts'

/** The first midnight of every life. */
export const START_MS = Date.UTC(2026, 0, 1)

/** One action that the agent wants to take. */
export type Task = {
  /** Counted over the whole life. */
  readonly action: number
  readonly band: RiskBand
  readonly atMs: number
  /** Days since the start, with fraction. */
  readonly day: number
  /** Belongs to a batch on top of the day's work, which is bad. */
  readonly burst: boolean
}

/** Everything an agent does, in the order of time. */
export function* workOf(of: {
  readonly world: SimulatedWorld
  readonly draw: Draw
  readonly setting: Setting
  readonly days: number
}): Generator<Task> {
  let action = 0
  for (let day = 0; day < of.days; day++) {
    const planned = dayOf(of, day, action)
    action += planned.length
    yield* planned.toSorted((a, b) => a.atMs - b.atMs)
  }
}

function dayOf(
  {
    world,
    draw,
    setting,
    days,
  }: { readonly world: SimulatedWorld; readonly draw: Draw; readonly setting: Setting; readonly days: number },
  day: number,
  firstAction: number,
): readonly Task[] {
  const batches = world.work?.(day) ?? [{ atDay: 0, hours: 0, count: setting.actions_per_day }]
  const tasks: Task[] = []
  const add = (hours: number, band: RiskBand | undefined, burst: boolean): void => {
    const action = firstAction + tasks.length
    const atMs = Math.round(START_MS + day * DAY_MS + hours * HOUR_MS)
    tasks.push({ action, band: band ?? bandDrawn(draw(action, 'band')), atMs, day: (atMs - START_MS) / DAY_MS, burst })
  }
  const hoursOfWork = WORKING_HOURS.to - WORKING_HOURS.from
  for (const { count, band } of batches)
    for (let at = 0; at < count; at++) {
      const jitter = draw(firstAction + tasks.length, 'time')
      add(WORKING_HOURS.from + (hoursOfWork * (at + jitter)) / count, band, false)
    }
  for (const { atDay, hours, count, band } of world.extra?.(day, days) ?? [])
    for (let at = 0; at < count; at++) add((atDay - day) * 24 + (hours * at) / count, band, true)
  return tasks
}

function bandDrawn(x: number): RiskBand {
  if (x < BAND_SHARES.low) return 'low'
  return x < BAND_SHARES.low + BAND_SHARES.medium ? 'medium' : 'high'
}
