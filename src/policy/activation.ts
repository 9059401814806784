import type { Caller } from '../access/caller.ts'
import { canonicalJson } from '../format/canonical-json.ts'
import { SECOND_MS } from '../format/time.ts'
import { recordOf } from '../ledger/new-record.ts'
import type { Store } from '../ledger/store.ts'
import type { Observer } from '../model/observation.ts'
import { loosened } from './modes.ts'
import type { PolicySet } from './policy-set.ts'
import { type ModeRule, ModeRules } from './settings.ts'

/** How long decisions under way may hold a policy set that was replaced, ms. */
const FORMER_SET_MS = 30 * SECOND_MS

/** What putting a policy set in force needs from outside. */
export type ActivationDeps = {
  readonly store: Store
  readonly nowMs: () => number
  readonly newId: () => string
  readonly observe: Observer
}

/** Which modes are in force, and the name of the rehearsal under them; null where nothing is only observed. */
export type ModesInForce = { readonly modes: readonly ModeRule[]; readonly rehearsal: string | null }

/** A policy set that is to follow another, or none. `swap` makes a set the one that decides. */
export type Succession = {
  readonly next: PolicySet
  readonly former: PolicySet | undefined
  /** The modes in force until now, by the log. */
  readonly modes: ModesInForce
  readonly caller: Caller
  readonly swap: (policySet: PolicySet, modes: ModesInForce) => void
}

/**
 * Archives a policy set, writes to the log that it is in force from here on, and puts it in force in the same moment as its trust
 * constants; the same set twice is no activation. Where the store fails, the former set stays in force and the next one is closed.
 * Modes that enforce less than before are told aloud; other modes begin a rehearsal of their own.
 */
export async function activate(deps: ActivationDeps, { next, former, modes, caller, swap }: Succession): Promise<void> {
  if (former?.digest === next.digest) {
    if (former !== next) closePolicies(next)
    return
  }
  const rehearsed = rehearsedUnder(next.settings.modes, modes, deps.newId)
  const modes_loosened = loosened(modes.modes, next.settings.modes)
  const done = { swap: false }
  try {
    await deps.store.archive(next.digest, next.archive)
    await deps.store.transact([], (transaction) => {
      transaction.append({ record: activationRecord(deps, { next, former, caller, rehearsed, modes_loosened }) })
      swap(next, rehearsed)
      done.swap = true
    })
  } catch (error) {
    if (done.swap && former !== undefined) {
      swap(former, modes)
      closeLater(next)
    } else closePolicies(next)
    throw error
  }
  if (modes_loosened.length > 0) deps.observe({ kind: 'mode_loosened', lines: modes_loosened.length })
  if (former !== undefined) closeLater(former)
}

type Activating = Pick<Succession, 'next' | 'former' | 'caller'> & {
  readonly rehearsed: ModesInForce
  readonly modes_loosened: readonly string[]
}

function activationRecord(deps: ActivationDeps, { next, former, caller, rehearsed, modes_loosened }: Activating) {
  return recordOf({
    kind: 'policy_set',
    id: deps.newId(),
    caller,
    atMs: deps.nowMs(),
    body: {
      digest: next.digest,
      former: former?.digest ?? null,
      base: next.base.digest,
      graduation: next.graduation.digest,
      risk: next.risk.digest,
      modes: next.settings.modes,
      ...(rehearsed.rehearsal === null ? {} : { rehearsal: rehearsed.rehearsal }),
      ...(modes_loosened.length === 0 ? {} : { modes_loosened }),
    },
    effects: [
      { kind: 'constants', constants: next.constants },
      { kind: 'tools', places: next.catalogue.places() },
      { kind: 'owners', owners: next.catalogue.owners() },
      { kind: 'detectors', settings: next.settings.detectors.layers.length === 0 ? null : next.settings.detectors.settings },
    ],
  })
}

/** The same modes go on with their rehearsal, over reloads and restarts; other modes begin a new one, so that none is ever taken up again. */
function rehearsedUnder(modes: readonly ModeRule[], former: ModesInForce, newId: () => string): ModesInForce {
  if (modes.length === 0) return { modes, rehearsal: null }
  return { modes, rehearsal: former.rehearsal !== null && sameModes(modes, former.modes) ? former.rehearsal : newId() }
}

/** Whether two sets of modes say the same in the same order. */
export function sameModes(one: readonly ModeRule[], other: readonly ModeRule[]): boolean {
  return canonicalJson(plain(one)) === canonicalJson(plain(other))
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown
}

/** The modes that the newest activation in the log put in force; none before the first. */
export async function modesInForce(store: Pick<Store, 'query'>): Promise<ModesInForce> {
  const [newest] = await store.query({ kinds: ['policy_set'], newestFirst: true, limit: 1 })
  const { modes, rehearsal } = newest?.record.body ?? {}
  return { modes: ModeRules.parse(modes ?? []), rehearsal: typeof rehearsal === 'string' ? rehearsal : null }
}

/** Gives back what a policy set holds. */
export function closePolicies(policySet: PolicySet): void {
  for (const policy of [policySet.base, policySet.graduation, policySet.mask]) policy?.close()
}

/** Decisions under way hold the set; it goes when they are over. */
function closeLater(policySet: PolicySet): void {
  setTimeout(() => closePolicies(policySet), FORMER_SET_MS).unref()
}
