import { z } from 'zod'

import type { Layer } from './layer.ts'
import { type Gravity, OUTCOME_CLASSES, SIGNAL_CLASSES } from './outcome-classes.ts'

/** What a signal is about: one recorded decision, an agent as such, or one session of an agent. */
export type SignalAbout = 'decision' | 'agent' | 'session'

/** One class of signal. `layer` `named`: the signal names its layer itself. */
export type SignalRow = {
  readonly layer: Layer | 'named'
  readonly about: SignalAbout
  /** How grave it is as evidence; its weight κ follows from it. `none`: it is no evidence. */
  readonly gravity: Gravity
  readonly meaning: string
  /** What it does to the state, in a few words. */
  readonly does: string
}

const JUDGED = {
  clean: 'the detector looked at this action and found nothing',
  suspicious: 'something about the action is odd; nobody else says so',
  anomalous: 'the action is not what this agent does',
  violating: 'the action breaks a rule',
} as const satisfies Record<keyof typeof SIGNAL_CLASSES, string>

const CAME_OF_IT = {
  validated: 'a check found the result right',
  approved: 'a reviewer took it as it is',
  succeeded: 'it ended as it should',
  satisfied: 'whoever it was for is content',
  no_feedback: 'nobody said anything',
  dissatisfied: 'whoever it was for is not content',
  rejected: 'a reviewer refused it',
  corrected: 'somebody corrected it',
  edited: 'somebody changed it before it was used',
  overridden: 'somebody decided otherwise',
  failed: 'it ended in an error',
  failed_validation: 'a check found the result wrong',
  hallucinated: 'it claimed what is not so',
  rolled_back: 'it had to be undone',
  harmful: 'it did harm',
  critical_harm: 'it did grave harm',
} as const satisfies Record<keyof typeof OUTCOME_CLASSES, string>

const STATE_ROWS = {
  credential_issued: {
    layer: 'identity',
    about: 'agent',
    gravity: 'none',
    meaning: 'the agent got the credential that it uses',
    does: 'posture: the age of the credential counts from `issued_at`',
  },
  credential_rotated: {
    layer: 'identity',
    about: 'agent',
    gravity: 'none',
    meaning: 'its credential was replaced',
    does: 'posture: the age of the credential counts from `issued_at`',
  },
  certificate_renewed: {
    layer: 'identity',
    about: 'agent',
    gravity: 'none',
    meaning: 'the certificate of its workload was renewed',
    does: 'posture: the certificate ends at `not_after`',
  },
  workload_attested: {
    layer: 'identity',
    about: 'agent',
    gravity: 'none',
    meaning: 'its workload was attested, or failed to be',
    does: 'posture: attested or not, until `until` where it says so',
  },
  delegator_mfa: {
    layer: 'identity',
    about: 'agent',
    gravity: 'none',
    meaning: 'whether the human it acts for signed in with more than one factor',
    does: 'posture: with or without a second factor',
  },
  provisioned: {
    layer: 'identity',
    about: 'agent',
    gravity: 'none',
    meaning: 'the agent was set up',
    does: 'recorded; posture where `issued_at` says since when its credential is in use',
  },
  deprovisioned: {
    layer: 'identity',
    about: 'agent',
    gravity: 'none',
    meaning: 'the agent was taken out of the directory',
    does: 'incident `credential_compromise`: it does nothing until a person has reviewed it',
  },
  revoked: {
    layer: 'identity',
    about: 'agent',
    gravity: 'none',
    meaning: 'its credential was revoked',
    does: 'incident `credential_compromise`: it does nothing until a person has reviewed it',
  },
  session_risk: {
    layer: 'context',
    about: 'session',
    gravity: 'none',
    meaning: 'how risky the session is, by its source',
    does: '`high`, `medium`: the session is capped (`bound_ceilings.session_high`, `session_medium`); `low` is recorded and lifts nothing',
  },
  used_output_of: {
    layer: 'context',
    about: 'session',
    gravity: 'none',
    meaning: 'the session rests on what another agent wrote',
    does: 'the session is worth no more than that agent',
  },
  injection_indicator: {
    layer: 'behaviour',
    about: 'agent',
    gravity: 'moderate',
    meaning: 'somebody tries to steer the agent by what it reads',
    does: 'by its confidence and where it was found: an incident of the agent, a person asked in the session, or a record',
  },
  canary_tripped: {
    layer: 'behaviour',
    about: 'agent',
    gravity: 'none',
    meaning: 'the agent touched what only an attacker would',
    does: 'incident `injection_confirmed`',
  },
  exfiltration: {
    layer: 'behaviour',
    about: 'agent',
    gravity: 'none',
    meaning: 'the agent sent out what must not leave',
    does: 'incident `exfiltration`',
  },
  permission_escalation: {
    layer: 'behaviour',
    about: 'agent',
    gravity: 'none',
    meaning: 'the agent tried to get more rights than it has',
    does: 'incident `permission_escalation`',
  },
} as const satisfies Record<string, SignalRow>

/** A class that is about an agent or a session, not about a decision. */
export type StateClass = keyof typeof STATE_ROWS
/** Any class of signal. */
export type AnySignalClass = keyof typeof SIGNAL_CLASSES | keyof typeof OUTCOME_CLASSES | StateClass

const rowsOf = <Name extends string>(
  meanings: Readonly<Record<Name, string>>,
  gravities: Readonly<Record<Name, Gravity>>,
  layer: SignalRow['layer'],
): Readonly<Record<Name, SignalRow>> =>
  Object.fromEntries(
    (Object.keys(meanings) as Name[]).map((name): readonly [Name, SignalRow] => {
      const gravity = gravities[name]
      return [name, { layer, about: 'decision', gravity, meaning: meanings[name], does: doingOf(gravity) }]
    }),
  ) as Record<Name, SignalRow>

function doingOf(gravity: Gravity): string {
  switch (gravity) {
    case 'positive':
      return 'good evidence'
    case 'none':
      return 'nothing: silence is not evidence'
    case 'major':
      return 'bad evidence, and an incident of the scope'
    case 'critical':
      return 'bad evidence, and an incident of the agent'
    case 'ambiguous':
    case 'minor':
    case 'moderate':
      return 'bad evidence'
  }
}

/** Every class of signal, with its layer, what it is about, what it means and what it does. The table in docs/signals.md is made from it. */
export const SIGNAL_TABLE: Readonly<Record<AnySignalClass, SignalRow>> = {
  ...rowsOf(JUDGED, SIGNAL_CLASSES, 'named'),
  ...rowsOf(CAME_OF_IT, OUTCOME_CLASSES, 'outcome'),
  ...STATE_ROWS,
}

/** The names of all classes, in the order of the table. */
export const ANY_SIGNAL_CLASSES = Object.keys(SIGNAL_TABLE) as [AnySignalClass, ...AnySignalClass[]]
export const AnySignalClass = z.enum(ANY_SIGNAL_CLASSES)

/** The names of the classes about agents and sessions. */
export const STATE_CLASSES = Object.keys(STATE_ROWS) as [StateClass, ...StateClass[]]

/** Whether a class is about an agent or a session. */
export function isStateClass(name: AnySignalClass): name is StateClass {
  return Object.hasOwn(STATE_ROWS, name)
}

/** Whether a class is an outcome of a decision. */
export function isOutcomeClass(name: AnySignalClass): name is keyof typeof OUTCOME_CLASSES {
  return Object.hasOwn(OUTCOME_CLASSES, name)
}
