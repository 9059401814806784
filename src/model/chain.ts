/** How another party came into the chain of a request. */
export const CHAIN_RELATIONS = ['on_behalf_of', 'act', 'chain'] as const

export type ChainRelation = (typeof CHAIN_RELATIONS)[number]

/** What is wrong with a chain as a whole; each denies. */
export const CHAIN_PROBLEMS = ['cycle', 'too_deep', 'unreadable'] as const

export type ChainProblem = (typeof CHAIN_PROBLEMS)[number]
