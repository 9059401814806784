import type { Parties } from '../access/parties.ts'
import type { AgentClass } from '../catalogue/catalogue-file.ts'
import { invariant } from '../format/error.ts'
import type { ChainLink } from '../pdp/decision-inputs.ts'

/** The account that all agents outside the catalogue share: whoever invents names fills nothing, and escapes no count. */
export const UNKNOWN_AGENTS_ACCOUNT = 'agents:unknown'

/** The accounts of a request: under which ids activity is kept. */
export type Accounts = {
  /** Where this request is counted: the deciding agent, or the human if no agent is vouched for. */
  readonly own: string
  /** What is charged when something runs: `own`, and every link of the chain that the credential vouches for. */
  readonly charged: readonly string[]
  /** Whose use can refuse: the charged ones, and those that only the body claims. */
  readonly watched: readonly string[]
}

/** The accounts of a request's parties. Agents outside the catalogue share one. */
export function accountsOf(parties: Parties, isKnown: (agent: string) => boolean): Accounts {
  const { agent, agent_claimed, human, links } = parties
  const accountOf = (id: string): string => (isKnown(id) ? id : UNKNOWN_AGENTS_ACCOUNT)
  const own = agent === null || agent_claimed ? personAccount(human?.id) : accountOf(agent.id)
  const charged = links.filter(({ claimed }) => !claimed).map(({ party }) => accountOf(party.id))
  const named = [...(agent === null ? [] : [agent.id]), ...links.map(({ party }) => party.id)].map(accountOf)
  return { own, charged: [...new Set([own, ...charged])], watched: [...new Set([own, ...charged, ...named])] }
}

/** What of a decision's facts says which accounts it has. */
type Known = {
  readonly parties: Parties
  readonly agent: Pick<AgentClass, 'known'>
  readonly links: readonly Pick<ChainLink, 'known' | 'party'>[]
}

/** The accounts of a decision, from its facts alone. */
export function accountsOfFacts({ parties, agent, links }: Known): Accounts {
  const known = new Set([
    ...(parties.agent !== null && agent.known ? [parties.agent.id] : []),
    ...links.filter((link) => link.known).map(({ party }) => party.id),
  ])
  return accountsOf(parties, (id) => known.has(id))
}

function personAccount(id: string | undefined): string {
  invariant(id !== undefined, 'a request without a deciding agent has a proven human')
  return `user:${id}`
}
