import { nodeHash, type NodeLookup } from '../audit/tree.ts'

/** Inner nodes are kept at levels that are multiples of this; those between are hashed again when a proof needs them. */
const NODE_LEVELS_STEP = 4

/** Whether an engine keeps the nodes of this level (leaves are kept with their records). */
export function isKeptLevel(level: number): boolean {
  return level > 0 && level % NODE_LEVELS_STEP === 0
}

/** Looks up any complete subtree where only some levels are kept. `kept` throws for a node that is not there. */
export function nodeLookup(kept: NodeLookup): NodeLookup {
  const lookUp: NodeLookup = (level, index) =>
    level % NODE_LEVELS_STEP === 0 ? kept(level, index) : nodeHash(lookUp(level - 1, index * 2), lookUp(level - 1, index * 2 + 1))
  return lookUp
}
