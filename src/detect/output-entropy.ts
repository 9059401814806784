import { alarm, clean, learning, notLooked, type Reading, shown, type Step } from './finding.ts'
import { encodedChars } from './injection/encoded.ts'
import type { OutputMeasure } from './observation.ts'
import type { DetectSettings } from './settings.ts'
import type { ScopeDetectState } from './state.ts'
import { deviationsOf, learnt } from './statistics/baseline.ts'
import { stepCusum } from './statistics/cusum.ts'

type OutputState = ScopeDetectState['output']
type OutputSettings = DetectSettings['output_entropy']

/** Most characters of an output that are measured. */
const OUTPUT_CHARS_MAX = 65_536
/** Least standard deviation of bits per character. */
const SPREAD_FLOOR = 0.15
/** Least standard deviation of the encoded share. */
const SHARE_FLOOR = 0.05
/** Usual share of encoded characters above which encoded runs are nothing unusual. */
const ENCODED_USUAL = 0.05
const DRIFT_CUT = 4
const RESETS = 'at once: the usual moves on with at most four deviations of each output'

/** Measures an output: Shannon entropy of its characters in bits (with the correction of Miller and Madow for short texts), and encoded runs. */
export function measureOutput(text: string): OutputMeasure {
  const looked = text.slice(0, OUTPUT_CHARS_MAX)
  const counts = new Map<number, number>()
  for (let index = 0; index < looked.length; index += 1) {
    const unit = looked.charCodeAt(index)
    counts.set(unit, (counts.get(unit) ?? 0) + 1)
  }
  const bits = [...counts.values()].reduce((sum, count) => sum - (count / looked.length) * Math.log2(count / looked.length), 0)
  const correction = looked.length === 0 ? 0 : (counts.size - 1) / (2 * looked.length * Math.LN2)
  return {
    chars: text.length,
    looked_chars: looked.length,
    bits_per_char: bits + correction,
    encoded_chars: encodedChars(looked),
  }
}

/** Whether an output is of another kind of text than usual in its scope: far off, or encoded where it never is, or lastingly shifted (two-sided CUSUM). */
export function outputEntropy(state: OutputState, output: OutputMeasure | null, settings: OutputSettings): Step<OutputState> {
  if (output === null) return { state, reading: notLooked('not_applicable', 'there was no output to look at') }
  if (output.looked_chars < settings.chars_min)
    return {
      state,
      reading: notLooked('not_applicable', `${output.chars} characters are too few to have an entropy to speak of`),
    }
  const share = output.encoded_chars / output.looked_chars
  const usual = {
    bits: learnt(state.bits, output.bits_per_char, SPREAD_FLOOR),
    encoded: learnt(state.encoded, share, SHARE_FLOOR),
  }
  if (state.bits.n < settings.warm_up_actions)
    return {
      state: { ...state, ...usual },
      reading: learning(`${state.bits.n} of ${settings.warm_up_actions} outputs seen before there is a baseline`),
    }
  const z = deviationsOf(state.bits, output.bits_per_char, SPREAD_FLOOR)
  const drift = stepCusum(state.drift, Math.min(DRIFT_CUT, Math.max(-DRIFT_CUT, z)), {
    k: settings.drift_allowance,
    h: settings.drift_alarm,
  })
  const isEncoded = output.encoded_chars >= settings.encoded_chars_min && state.encoded.mean < ENCODED_USUAL
  return { state: { ...usual, drift: drift.state }, reading: read(output, z, { isEncoded, drift: drift.alarmed }, settings) }
}

type Signs = { readonly isEncoded: boolean; readonly drift: 'up' | 'down' | null }

function read(output: OutputMeasure, z: number, { isEncoded, drift }: Signs, settings: OutputSettings): Reading {
  const score = Math.abs(z) / settings.anomalous_deviations
  const seen = `${shown(output.bits_per_char)} bits per character, ${shown(z)} deviations from the usual`
  if (Math.abs(z) >= settings.suspicious_deviations)
    return alarm({ verdict: score >= 1 ? 'anomalous' : 'suspicious', score, reason: seen, resets: RESETS })
  if (isEncoded)
    return alarm({ verdict: 'suspicious', score, reason: `${output.encoded_chars} encoded characters; ${seen}`, resets: RESETS })
  if (drift !== null)
    return alarm({
      verdict: 'suspicious',
      score,
      reason: `a lasting shift ${drift} (CUSUM); ${seen}`,
      resets: 'at once: both sums start at 0 again',
    })
  if (output.looked_chars < output.chars)
    return notLooked('cannot_tell', `only ${output.looked_chars} of ${output.chars} characters were looked at`)
  return clean(score, seen)
}
