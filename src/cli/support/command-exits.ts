import type { ExitName } from './exit-codes.ts'

/** What an exit code means after one command. */
export type CommandExits = Readonly<Partial<Record<ExitName, string>>>

/** What every command ends with besides what it says itself. */
export const COMMON_EXITS = { usage: 'the command line is wrong', bug: 'a bug in gradus' } as const satisfies CommandExits

/** Commands that take `--exit-code`. */
export const OUTCOME_EXITS = {
  deny: '--exit-code: deny',
  suggest: '--exit-code: suggest',
  require_approval: '--exit-code: require_approval',
} as const satisfies CommandExits

/** Commands that read a data directory. */
export const LOG_EXITS = {
  failed: 'the configuration is wrong',
  not_found: 'no store, or nothing in it of that name',
  damaged: 'what is stored is damaged',
  io: 'a file cannot be read or written',
} as const satisfies CommandExits

/** Commands by which people decide: through a server, with a token that says who they are. */
export const PEOPLE_EXITS = {
  failed: 'it is over or already so, or the configuration is wrong',
  not_found: 'no such decision, approval or override',
  refused: 'the token is missing, or its person may not do this',
  unavailable: 'no server runs, or it does not answer',
  io: 'the token cannot be read',
} as const satisfies CommandExits

/** Lists of what people decide about. */
export const PEOPLE_LIST_EXITS = {
  ...PEOPLE_EXITS,
  failed: 'the configuration is wrong',
  not_found: 'no such configuration',
} as const satisfies CommandExits

/** Commands by which operators change what agents may do. */
export const OPERATOR_EXITS = {
  ...PEOPLE_EXITS,
  failed: 'it would reach nothing, or the configuration is wrong',
  not_found: 'no such agent, scope, incident or containment',
} as const satisfies CommandExits
