/** What a run is made with besides its worlds and policies; the sweeps change one of them at a time. */
export type Setting = {
  /** Actions an agent takes on a day, 1–1,000. */
  readonly actions_per_day: number
  /** Share of the actions that ran by themselves and are verified. */
  readonly verification_rate: number
  /** Share of labels that say the opposite, on top of what the world does. */
  readonly label_noise: number
  /** Chance that the behaviour detector suspects a good action; the context detector has three quarters of it. */
  readonly false_alarm_rate: number
  /** The product's heat prior, units (`heat_prior_units`). */
  readonly heat_prior_units: number
  /** The product's half-life of good evidence, days (`half_life_positive_days`). */
  readonly half_life_positive_days: number
}

/** The setting of the published table. */
export const DEFAULT_SETTING: Setting = {
  actions_per_day: 25,
  verification_rate: 0.6,
  label_noise: 0,
  false_alarm_rate: 0.004,
  heat_prior_units: 30,
  half_life_positive_days: 60,
}

/** Smallest and largest of each number of a setting. */
export const SETTING_RANGES: Readonly<Record<keyof Setting, readonly [number, number]>> = {
  actions_per_day: [1, 1_000],
  verification_rate: [0, 1],
  label_noise: [0, 1],
  false_alarm_rate: [0, 1],
  heat_prior_units: [1, 10_000],
  half_life_positive_days: [1, 120],
}

/** Share of bad actions that a person sees before they run. */
export const CATCH_RATE = 0.95
/** Mean time until an action that ran by itself is verified, hours; exponential. */
export const VERIFY_DELAY_HOURS = 4
/** Share of bad actions that the detectors suspect. */
export const HIT_RATE = { behaviour: 0.3, context: 0.2 } as const
/** False alarms of the context detector, relative to the behaviour detector. */
export const CONTEXT_ALARM_SHARE = 0.75
/** Time of day at which agents begin and end. */
export const WORKING_HOURS = { from: 7, to: 22 } as const
/** Share of low, medium and high actions in a day's work. */
export const BAND_SHARES = { low: 0.6, medium: 0.3, high: 0.1 } as const
/** Hours until a person has reviewed an injection. */
export const REVIEW_HOURS = 24
/** People who review, in turn by chance. */
export const REVIEWERS = 3
/** A loss of autonomy is false if nothing bad was tried for so long before it, days. */
export const FALSE_AFTER_DAYS = 3
