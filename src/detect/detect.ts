import { formatScope } from '../model/scope.ts'
import {
  DECIDED_DETECTORS,
  type DecidedDetector,
  type Detector,
  type Finding,
  FINISHED_DETECTORS,
  type FinishedDetector,
  notLooked,
  type Reading,
  type Step,
} from './finding.ts'
import { readInjection } from './injection/injection.ts'
import { argumentNovelty, unseenTool, unseenTransition } from './novelty.ts'
import type { DecidedDigest, FinishedDigest, ObservationDigest } from './observation.ts'
import { outputEntropy } from './output-entropy.ts'
import { matchSequences } from './sequence.ts'
import type { DetectSettings } from './settings.ts'
import { spike } from './spike.ts'
import type { DetectState } from './state.ts'
import { bernoulli } from './statistics/bernoulli.ts'
import { tokenUsage } from './token-usage.ts'
import { readTopic } from './topic/topic-drift.ts'

/** What one observation did: the state after it, and what each detector that belongs to its kind says, in the order of `DETECTORS`. */
export type Detected = { readonly state: DetectState; readonly findings: readonly Finding[] }

/** One detector over the whole state: its step, and what it says. */
type DetectorStep<Digest> = {
  readonly isOn: (settings: DetectSettings) => boolean
  readonly step: (state: DetectState, digest: Digest, settings: DetectSettings) => Step<DetectState>
}

const UNTIMED = 'the time of the observation is not a number'

/**
 * Folds every detector over one observation. Total: the same state, digest and settings give the same bytes, whatever the digest holds. State is kept per agent
 * and per scope of the action (`state.agent`, `state.scope`); a detector that is off leaves its part alone.
 */
export function detect(state: DetectState, digest: ObservationDigest, settings: DetectSettings): Detected {
  return digest.kind === 'decided'
    ? runAll({ order: DECIDED_DETECTORS, steps: DECIDED }, state, digest, settings)
    : runAll({ order: FINISHED_DETECTORS, steps: FINISHED }, state, digest, settings)
}

/** The detectors of one kind of observation, in the order in which they run. */
type DetectorTable<D extends Detector, Digest> = {
  readonly order: readonly D[]
  readonly steps: Readonly<Record<D, DetectorStep<Digest>>>
}

function runAll<D extends Detector, Digest extends ObservationDigest>(
  { order, steps }: DetectorTable<D, Digest>,
  state: DetectState,
  digest: Digest,
  settings: DetectSettings,
): Detected {
  let current = state
  const findings = order.map((detector) => {
    const { state: next, reading } = runOne(steps[detector], current, digest, settings)
    current = next
    return found(detector, digest, reading)
  })
  return { state: current, findings }
}

function runOne<Digest extends ObservationDigest>(
  { isOn, step }: DetectorStep<Digest>,
  state: DetectState,
  digest: Digest,
  settings: DetectSettings,
): Step<DetectState> {
  if (!isOn(settings)) return { state, reading: notLooked('off', 'the detector is switched off') }
  if (!Number.isFinite(digest.at_ms)) return { state, reading: notLooked('cannot_tell', UNTIMED) }
  return step(state, digest, settings)
}

function found(detector: Detector, digest: ObservationDigest, reading: Reading): Finding {
  const about = { action: digest.action, scope: formatScope(digest.scope, digest.stake), session: digest.session }
  return { detector, ...reading, about }
}

/** A step of one part of the agent's state. */
function ofAgent<K extends keyof DetectState['agent']>(
  state: DetectState,
  part: K,
  step: Step<DetectState['agent'][K]>,
): Step<DetectState> {
  return { state: { ...state, agent: { ...state.agent, [part]: step.state } }, reading: step.reading }
}

/** A step of one part of the scope's state. */
function ofScope<K extends keyof DetectState['scope']>(
  state: DetectState,
  part: K,
  step: Step<DetectState['scope'][K]>,
): Step<DetectState> {
  return { state: { ...state, scope: { ...state.scope, [part]: step.state } }, reading: step.reading }
}

const DECIDED: Readonly<Record<DecidedDetector, DetectorStep<DecidedDigest>>> = {
  call_rate: {
    isOn: ({ call_rate }) => call_rate.on,
    step: (state, digest, { call_rate }) =>
      ofAgent(state, 'calls', spike(state.agent.calls, digest.at_ms, call_rate, 'actions of the agent')),
  },
  destructive_rate: {
    isOn: ({ destructive_rate }) => destructive_rate.on,
    step: (state, digest, { destructive_rate }) =>
      digest.destructive
        ? ofAgent(state, 'destructive', spike(state.agent.destructive, digest.at_ms, destructive_rate, 'destructive actions'))
        : { state, reading: notLooked('not_applicable', 'the action destroys nothing') },
  },
  unseen_tool: {
    isOn: ({ unseen_tool }) => unseen_tool.on,
    step: (state, digest, { unseen_tool }) => ofAgent(state, 'tools', unseenTool(state.agent.tools, digest, unseen_tool)),
  },
  unseen_transition: {
    isOn: ({ unseen_transition }) => unseen_transition.on,
    step: (state, digest, { unseen_transition }) => {
      const step = unseenTransition(state.agent, digest, unseen_transition)
      return { state: { ...state, agent: { ...state.agent, ...step.state } }, reading: step.reading }
    },
  },
  argument_novelty: {
    isOn: ({ argument_novelty }) => argument_novelty.on,
    step: (state, digest, { argument_novelty }) =>
      ofScope(state, 'shapes', argumentNovelty(state.scope.shapes, digest, argument_novelty)),
  },
  base_denials: {
    isOn: ({ base_denials }) => base_denials.on,
    step: (state, digest, { base_denials }) => {
      const trial = { bad: digest.base_denied, noun: 'denied by the base policy', m: base_denials.m, alarm: base_denials.alarm }
      return ofAgent(state, 'denials', bernoulli(state.agent.denials, trial))
    },
  },
  sequence: {
    isOn: ({ sequence }) => sequence.on,
    step: (state, digest, { sequence }) => ofAgent(state, 'open', matchSequences(state.agent.open, digest, sequence.rules)),
  },
  injection_arguments: {
    isOn: ({ injection }) => injection.arguments_on,
    step: (state, digest, { injection }) => ({ state, reading: readInjection(digest.injection, injection, 'arguments') }),
  },
  topic_drift: {
    isOn: ({ topic_drift }) => topic_drift.on,
    step: (state, digest, { topic_drift }) => ({ state, reading: readTopic(digest.topic, topic_drift) }),
  },
}

const FINISHED: Readonly<Record<FinishedDetector, DetectorStep<FinishedDigest>>> = {
  failure_rate: {
    isOn: ({ failure_rate }) => failure_rate.on,
    step: (state, { failed }, { failure_rate }) =>
      failed === null
        ? { state, reading: notLooked('not_applicable', 'nobody said whether it failed') }
        : ofScope(
            state,
            'failures',
            bernoulli(state.scope.failures, { bad: failed, noun: 'failed', m: failure_rate.m, alarm: failure_rate.alarm }),
          ),
  },
  token_usage: {
    isOn: ({ token_usage }) => token_usage.on,
    step: (state, digest, { token_usage }) =>
      ofScope(state, 'tokens', tokenUsage(state.scope.tokens, digest.tokens, token_usage)),
  },
  output_entropy: {
    isOn: ({ output_entropy }) => output_entropy.on,
    step: (state, digest, { output_entropy }) =>
      ofScope(state, 'output', outputEntropy(state.scope.output, digest.output, output_entropy)),
  },
  injection_output: {
    isOn: ({ injection }) => injection.output_on,
    step: (state, digest, { injection }) => ({ state, reading: readInjection(digest.injection, injection, 'output') }),
  },
}
