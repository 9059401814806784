import { shownName } from '../../access/authority.ts'
import type { Caller } from '../../access/caller.ts'
import { ServiceError } from '../../format/error.ts'
import { matchesGlob } from '../../format/glob.ts'
import type { Layer } from '../../model/layer.ts'
import { isOutcomeClass, SIGNAL_TABLE } from '../../model/signal-classes.ts'
import type { SignalBody } from './wire.ts'

/** What of a signal says which layer it belongs to. */
type Classed = { readonly class: SignalBody['class']; readonly data: object }

/** The layer that a signal belongs to: that of its class, or the one it names. */
export function signalLayer({ class: of, data }: Classed): Layer {
  const { layer } = SIGNAL_TABLE[of]
  return layer === 'named' ? (data as { readonly layer: Layer }).layer : layer
}

/** Refuses what a credential is not configured to say: the layer, the class, the agent. */
export function refuseUnconfigured(caller: Caller, signal: Classed, agent: string | null): void {
  const layer = signalLayer(signal)
  const who = `the credential "${shownName(caller)}"`
  if (!caller.layers.includes(layer))
    throw new ServiceError('forbidden', `${who} may not write the layer "${layer}"`, {
      place: { pointer: '/layer' },
      fix: 'add the layer to "layers" of the credential',
    })
  refuseBeyond(caller, signal.class, agent)
  if (isOutcomeClass(signal.class) && caller.verifier === undefined)
    throw new ServiceError('forbidden', `${who} is not a verifier`, {
      place: { pointer: '/class' },
      fix: 'give the credential a "verifier" in the configuration',
    })
}

/** Refuses a class, or an agent, that a credential is not configured for, whichever way it says it. */
export function refuseBeyond(caller: Caller, of: string, agent: string | null): void {
  const who = `the credential "${shownName(caller)}"`
  if (caller.signal_classes !== undefined && !caller.signal_classes.some((each) => each === of))
    throw new ServiceError('forbidden', `${who} may not send the class "${of}"`, {
      place: { pointer: '/class' },
      fix: 'add the class to "signal_classes" of the credential',
    })
  if (caller.signal_agents !== undefined && !caller.signal_agents.some((pattern) => matchesGlob(pattern, agent ?? '')))
    throw new ServiceError('forbidden', `${who} may not send signals about the agent "${agent ?? ''}"`, {
      place: { pointer: '/agent' },
      fix: 'add the agent to "signal_agents" of the credential',
    })
}
