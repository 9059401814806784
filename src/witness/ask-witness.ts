import type { Store } from '../ledger/store.ts'
import { addCheckpoint, type AskDeps, type WitnessAnswer, type WitnessAt } from './add-checkpoint.ts'

/**
 * What a witness says of a log. `cosigned`: it vouches for this checkpoint of `size` records. `larger`: it vouches for more records than
 * the log has. `refuses`: the log does not continue what it vouches for.
 */
export type WitnessVerdict =
  | {
      readonly kind: 'cosigned'
      readonly line: string
      readonly atSeconds: number
      readonly size: number
      readonly checkpoint: string
    }
  | { readonly kind: 'larger'; readonly size: number; readonly own: number }
  | Exclude<WitnessAnswer, { kind: 'cosigned' }>

/** Has a witness sign the newest checkpoint: from the size that it vouched for last, or from where it says that it is. */
export async function askWitness(
  store: Pick<Store, 'growth' | 'size'>,
  witness: WitnessAt,
  from: number,
  deps: AskDeps,
): Promise<WitnessVerdict> {
  const first = await askFrom(store, witness, from, deps)
  return first.kind === 'knows' && first.size !== from ? askFrom(store, witness, first.size, deps) : first
}

async function askFrom(
  store: Pick<Store, 'growth' | 'size'>,
  witness: WitnessAt,
  old: number,
  deps: AskDeps,
): Promise<WitnessVerdict> {
  const growth = await store.growth(old)
  if (growth === undefined) return { kind: 'larger', size: old, own: store.size() }
  const { size, path, checkpoint } = growth
  const answer = await addCheckpoint(witness, { old, path, checkpoint }, deps)
  return answer.kind === 'cosigned' ? { ...answer, size, checkpoint } : answer
}
