import type { TrustConstants } from '../../trust/constants.ts'
import type { Verdict } from './weighing.ts'

/** The verdict on a decision that nobody was asked to verify: a success counts in part, or choosing what to verify would pay. */
export function withUnsampledShare(
  verdict: Verdict,
  { sampled }: { readonly sampled: boolean },
  { sampling }: Pick<TrustConstants, 'sampling'>,
): Verdict {
  const isPart = !sampled && verdict.layer === 'outcome' && verdict.gravity === 'positive'
  return isPart ? { ...verdict, share: sampling.unsampled_share } : verdict
}

/** Whether somebody looked at what came of the decision: the agent's own word, silence, and a source without weight did not. */
export function isVerification(
  { layer, gravity, source }: Pick<Verdict, 'layer' | 'gravity' | 'source'>,
  counted: boolean,
  constants: Pick<TrustConstants, 'source_weights'>,
): boolean {
  return layer === 'outcome' && gravity !== 'none' && (counted || constants.source_weights[source] > 0)
}
