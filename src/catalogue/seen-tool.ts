/** Longest description of a tool, characters. */
export const DESCRIPTION_CHARS_MAX = 1_000

/** What a server says of its own tool (MCP `annotations`). A claim, never believed. */
export type ToolHints = {
  readonly readOnlyHint?: boolean | undefined
  readonly destructiveHint?: boolean | undefined
  readonly idempotentHint?: boolean | undefined
  readonly openWorldHint?: boolean | undefined
}

/** A tool as it was seen: in traffic (`count` decisions by `agents` on types of `resources`), or in a server's list. */
export type SeenTool = {
  readonly name: string
  readonly description?: string | undefined
  /** Decisions; undefined where it was not seen in traffic. */
  readonly count?: number | undefined
  readonly agents?: readonly string[] | undefined
  readonly resources?: readonly string[] | undefined
  /** Names of the arguments. */
  readonly arguments: readonly string[]
  /** Of those whose schema has one, the format of the argument or of its entries (JSON Schema `format`). */
  readonly formats?: Readonly<Record<string, string>> | undefined
  /** The arguments that its schema asks for; undefined where no schema was seen. */
  readonly required?: readonly string[] | undefined
  readonly hints?: ToolHints | undefined
  /** The server that it is of, where that is to stand in its entry. */
  readonly namespace?: string | undefined
  /** What its server calls it, where the catalogue has that name for another tool. */
  readonly offeredAs?: string | undefined
}

/** What the tool would be if its server told the truth, one sentence a hint; a person has to find out whether it does. */
export function claims({ hints = {} }: Pick<SeenTool, 'hints'>): readonly string[] {
  const { readOnlyHint: reads, destructiveHint: destroys, openWorldHint: reachesOut, idempotentHint: repeats } = hints
  const again = repeats === true ? ['the server claims that repeating it changes nothing more'] : []
  if (reads === true && destroys === true)
    return ['the server claims that it only reads and that it destroys; believe neither', ...again]
  if (reads === true)
    return ['the server claims that it only reads; if that is so: category read_only, blast 0, reversibility 0', ...again]
  if (destroys === true) return ['the server says that it can destroy', ...again]
  if (destroys === false && reachesOut === false)
    return [
      'the server claims that it only adds, and to nothing outside; if that is so: category local_reversible_write, blast 1, reversibility 1',
      ...again,
    ]
  if (reachesOut === true) return ['the server says that it reaches outside: category external_communication at least', ...again]
  return again
}
