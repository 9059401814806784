import type { Observation, Observer } from '../model/observation.ts'

/** One line of the operational log. Never a token, a body or an argument. */
export type LogEntry = {
  readonly level: 'info' | 'warn' | 'error'
  /** What happened, a name such as `listening`. */
  readonly event: string
  readonly message?: string
  readonly [member: string]: string | number | boolean | undefined
}

/** Where operational log lines go; must not throw. */
export type Log = (entry: LogEntry) => void

/** Says aloud what nobody should learn from a graph alone: less is enforced than before, a person took over, somebody has to be told. */
export function loudObserver(log: Log): Observer {
  return (observation) => {
    if (observation.kind === 'mode_loosened') {
      const message = 'the new policy set enforces less than the one before; its activation record says where'
      log({ level: 'warn', event: 'mode_loosened', message, lines: observation.lines })
    }
    if (observation.kind === 'duty' && observation.told) log(dutyEntry(observation))
    if (observation.kind === 'override') {
      const message = 'trust and context are left out for a while; the record says for whom, by whom and why'
      log({ level: 'warn', event: 'override', message, verb: observation.verb })
    }
  }
}

const DUTY_MESSAGES: Readonly<Record<string, string>> = {
  alert_soc: 'a decision asks for the attention of security; its record says why',
  permission_escalation: 'an agent asks again for permissions that none is ever granted',
  notify_owner: 'the owner of the agent has to know of a decision; its record says why',
}

function dutyEntry({ duty, agent, owner, action, decision }: Extract<Observation, { kind: 'duty' }>): LogEntry {
  const told = { agent: agent ?? '', owner: owner ?? '', action: action ?? '', decision }
  return { level: 'warn', event: duty, message: DUTY_MESSAGES[duty] ?? 'a decision asks for it; its record says why', ...told }
}
