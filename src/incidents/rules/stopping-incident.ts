import type { AgentTrust } from '../../trust/stored-trust.ts'

/** Classes of incident that stop an agent altogether until a person has reviewed them, also one that nobody knows. */
export const STOPPING_CLASSES = ['credential_compromise', 'kill_switch'] as const

/** The incident by which an agent is stopped, while it waits for its review; undefined: none. */
export function stoppingIncident(agent: Pick<AgentTrust, 'incidents'> | undefined): AgentTrust['incidents'][number] | undefined {
  return agent?.incidents.find(
    ({ class: of, review }) => review === 'required' && STOPPING_CLASSES.some((stopping) => stopping === of),
  )
}
