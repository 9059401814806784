import { z } from 'zod'

import { InjectionRules } from './injection/rule-schema.ts'
import { DEFAULT_SEQUENCE_RULES, DetectRuleId, SequenceRules } from './sequence-rules.ts'

const on = z.boolean().default(true)
/** How far from usual something must be, in standard deviations. */
const deviations = z.number().min(1).max(20)
const words = z.array(z.string().min(1).max(64)).max(500).readonly()

/** A spike detector: windows of a length, alarms when one holds far more than windows usually do. */
const spike = (window_seconds: number, count_min: number) =>
  z
    .strictObject({
      on,
      /** Length of a window, seconds. */
      window_seconds: z.number().min(1).max(86_400).default(window_seconds),
      /** Fewer than this in a window is never an alarm. */
      count_min: z.int().min(2).max(100_000).default(count_min),
      /** Deviations (on a logarithmic scale) above the usual window that are suspicious, and that are anomalous. */
      suspicious_deviations: deviations.default(4),
      anomalous_deviations: deviations.default(6),
      /** Windows with something in them before it stops learning. */
      warm_up_windows: z.int().min(2).max(10_000).default(10),
    })
    .readonly()
    .prefault({})

/** A detector of what was not met before. */
const unseen = (warm_up: number, rate_max: number) =>
  z
    .strictObject({
      on,
      /** Actions before it stops learning. */
      warm_up_actions: z.int().min(1).max(100_000).default(warm_up),
      /** Share of new things among recent ones above which there is no baseline: it learns again. */
      rate_max: z.number().min(0.001).max(0.5).default(rate_max),
    })
    .readonly()
    .prefault({})

/** A Bernoulli CUSUM in integers: good −1, bad +(m−1), alarm at H. */
const bernoulli = (m: number, alarm: number) =>
  z
    .strictObject({
      on,
      /** m: a bad one adds m−1, a good one takes 1. */
      m: z.int().min(2).max(10_000).default(m),
      /** H: the sum at which it alarms. */
      alarm: z.int().min(2).max(1_000_000).default(alarm),
    })
    .readonly()
    .prefault({})

const injection = z
  .strictObject({
    arguments_on: on,
    output_on: on,
    /** Confidence from which it is suspicious, and anomalous. */
    suspicious_confidence: z.number().min(0).max(1).default(0.5),
    anomalous_confidence: z.number().min(0).max(1).default(0.8),
    /** Most characters looked at per action; a longer text that shows nothing is not clean. */
    chars_max: z.int().min(1_000).max(1_048_576).default(65_536),
    /** Built-in rules that do not hold. */
    disabled: z.array(DetectRuleId).max(64).readonly().default([]),
    /** Rules besides the built-in ones. */
    rules: InjectionRules.default([]),
  })
  .readonly()
  .prefault({})

/** Settings of every detector, with defaults and ranges. `DetectSettings.parse({})` is the default. */
export const DetectSettings = z
  .strictObject({
    call_rate: spike(60, 30),
    destructive_rate: spike(3_600, 5),
    unseen_tool: unseen(50, 0.1),
    unseen_transition: unseen(200, 0.1),
    argument_novelty: unseen(100, 0.1),
    base_denials: bernoulli(5, 16),
    failure_rate: bernoulli(40, 160),
    token_usage: z
      .strictObject({
        on,
        suspicious_deviations: deviations.default(4),
        anomalous_deviations: deviations.default(6),
        warm_up_actions: z.int().min(5).max(10_000).default(30),
        /** Page-Hinkley over deviations, against a slow creep: δ, λ, α. */
        drift_delta: z.number().min(0).max(5).default(0.5),
        drift_alarm: z.number().min(1).max(1_000).default(20),
        drift_memory: z.number().min(0.5).max(1).default(0.9999),
      })
      .readonly()
      .prefault({}),
    output_entropy: z
      .strictObject({
        on,
        suspicious_deviations: deviations.default(4),
        anomalous_deviations: deviations.default(6),
        warm_up_actions: z.int().min(5).max(10_000).default(30),
        /** Shorter outputs have no entropy to speak of. */
        chars_min: z.int().min(16).max(10_000).default(64),
        /** Characters in encoded runs that are suspicious where outputs usually hold none. */
        encoded_chars_min: z.int().min(64).max(1_000_000).default(512),
        /** Two-sided CUSUM over deviations, against a lasting shift: k, h. */
        drift_allowance: z.number().min(0).max(5).default(0.75),
        drift_alarm: z.number().min(1).max(1_000).default(12),
      })
      .readonly()
      .prefault({}),
    sequence: z
      .strictObject({ on, rules: SequenceRules.default(DEFAULT_SEQUENCE_RULES) })
      .readonly()
      .prefault({}),
    injection,
    topic_drift: z
      .strictObject({
        on,
        /** Share of the action's words that must be in the declared topic. */
        containment_min: z.number().min(0).max(1).default(0.2),
        /** With fewer words on either side it cannot tell. */
        tokens_min: z.int().min(1).max(50).default(2),
        /** Score of an outside topic model below which the action is out of topic. */
        model_score_min: z.number().min(0).max(1).default(0.3),
        /** Words that belong together, by topic: a purpose that names the topic, or two of its words, declares all of them. */
        vocabulary: z.record(z.string().min(1).max(64), words).readonly().default({}),
      })
      .readonly()
      .prefault({}),
  })
  .readonly()
export type DetectSettings = z.infer<typeof DetectSettings>
