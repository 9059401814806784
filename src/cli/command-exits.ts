import type { Command } from 'commander'

import { EXIT_CODES } from './exit-codes.ts'

type Name = keyof typeof EXIT_CODES
/** What an exit code means after one command. */
export type CommandExits = Readonly<Partial<Record<Name, string>>>

const OUTCOME = { deny: '--exit-code: deny', suggest: '--exit-code: suggest', require_approval: '--exit-code: require_approval' }
const LOG = {
  failed: 'the configuration is wrong',
  not_found: 'no store, or nothing in it of that name',
  damaged: 'what is stored is damaged',
  io: 'a file cannot be read or written',
}
const ASKED = 'request, configuration or policy is wrong'

/** Where people decide: through a server, with a token that says who they are. */
const PEOPLE = {
  failed: 'it is over or already so, or the configuration is wrong',
  not_found: 'no such decision, approval or override',
  refused: 'the token is missing, or its person may not do this',
  unavailable: 'no server runs, or it does not answer',
  io: 'the token cannot be read',
} as const
/** Where operators steer. */
const STEER = {
  ...PEOPLE,
  failed: 'it would reach nothing, or the configuration is wrong',
  not_found: 'no such agent, scope, incident or containment',
} as const
const PEOPLE_LIST = { ...PEOPLE, failed: 'the configuration is wrong', not_found: 'no such configuration' } as const

/** What every command ends with besides what it says itself. */
export const COMMON_EXITS = { usage: 'the command line is wrong', bug: 'a bug in gradus' } as const satisfies CommandExits

/** The exit codes of each command by its path; `gradus help COMMAND` and docs/cli.md show them. Every command stands here. */
export const COMMAND_EXITS: Readonly<Record<string, CommandExits>> = {
  serve: {
    ok: 'asked to end, and everything under way is answered',
    failed: 'configuration or policy is wrong',
    unavailable: 'another process writes to the data directory',
    damaged: 'what is stored is damaged, or older than what was signed',
    io: 'the data directory cannot be written, or the address is taken',
  },
  init: { ok: 'written', failed: 'the folder is not empty, or is none', io: 'the folder cannot be written' },
  'catalogue draft': { ...LOG, ok: 'drafted', failed: 'the configuration or the list of tools is wrong' },
  'fixture from': { ...LOG, ok: 'written', failed: 'the decision cannot be asked again, or no fixture gives it again' },
  eval: { ...LOG, ...OUTCOME, ok: 'decided', failed: ASKED, not_found: 'no such file, case or store' },
  explain: { ...LOG, ...OUTCOME, ok: 'drawn', failed: ASKED, not_found: 'no such file, case, decision or store' },
  test: {
    ok: 'every fixture passed',
    failed: 'fixtures, configuration or policy could not be loaded',
    mismatch: 'a fixture failed',
    not_found: 'no fixture there, or none of that name',
    io: LOG.io,
  },
  check: { ok: 'nothing found', failed: 'something found', not_found: 'no such folder', io: LOG.io },
  build: { ok: 'built', failed: 'configuration or Rego is wrong', io: 'the bundles cannot be written' },
  simulate: {
    ok: 'decided again, and no more changes than --max-changed allows',
    failed: 'configuration, candidate or decision log is wrong, or --max-changed has nothing to tell by',
    mismatch: 'more changes than --max-changed allows',
    not_found: 'no such file, or no store there',
    damaged: LOG.damaged,
    io: LOG.io,
  },
  'simulate trust': { ok: 'simulated', io: 'a file cannot be written, or a thread of the simulation died' },
  'observe report': { ...LOG, ok: 'told' },
  'observe ready': {
    ...LOG,
    ok: 'every gate is passed',
    failed: 'a gate is open, and every gate is told; or the configuration is wrong',
  },
  version: { ok: 'always' },
  'trust show': { ...LOG, ok: 'shown', not_found: 'no store, or nothing is known of the agent' },
  'trust why': { ...LOG, ok: 'listed', not_found: 'no store, or nothing is known of the agent' },
  'trust report': { ...LOG, ok: 'told' },
  'trust rebuild': {
    ok: 'rebuilt; --check: what is stored is what the records make',
    failed: '--check: what is stored is something else; or the configuration is wrong',
    not_found: 'no store there',
    unavailable: 'a server runs on the data directory; --check works beside it',
    damaged: 'the log itself is not whole, so nothing was changed',
    io: LOG.io,
  },
  'trust replay': { ok: 'replayed', failed: 'the history is wrong', not_found: 'no such file', io: LOG.io },
  'trust import': {
    ...LOG,
    ok: 'imported, now or before',
    failed: 'a line, the signature or the configuration is wrong, and nothing was taken',
    not_found: 'no such file',
    refused: 'the credential may not import',
    unavailable: 'the server does not answer, or the data directory is locked',
  },
  'trust promote': {
    ...LOG,
    ok: 'promoted',
    failed: 'not yet, and every gate is told; or the configuration is wrong',
    not_found: 'no such agent',
    refused: 'the credential may not promote',
    unavailable: 'the server does not answer, or the data directory is locked',
  },
  'trust demote': { ...STEER, ok: 'it stands at that level', failed: 'it stands lower already, or the configuration is wrong' },
  'trust holds': { ...STEER, ok: 'listed', failed: 'the configuration is wrong' },
  'trust resolve': { ...STEER, ok: 'accepted or dismissed', failed: 'the configuration is wrong' },
  'raters list': { ...STEER, ok: 'listed', failed: 'the configuration is wrong' },
  'raters show': { ...STEER, ok: 'shown', failed: 'the configuration is wrong' },
  'raters seed': {
    ...STEER,
    ok: 'a canary now',
    failed: 'it is one already, was judged, or waits for nobody; or the configuration is wrong',
  },
  'agents pause': { ...STEER, ok: 'out of service' },
  'agents resume': { ...STEER, ok: 'lifted', not_found: 'nothing of that name is paused' },
  'agents revoke': { ...STEER, ok: 'revoked, and what is still under way is told' },
  'contain list': { ...PEOPLE_LIST, ok: 'listed' },
  'contain add': { ...STEER, ok: 'out of service' },
  'contain lift': { ...STEER, ok: 'lifted' },
  'incidents list': { ...PEOPLE_LIST, ok: 'listed' },
  'incidents show': { ...STEER, ok: 'shown', failed: 'the configuration is wrong' },
  'incidents raise': { ...STEER, ok: 'raised' },
  'incidents review': { ...STEER, ok: 'reviewed' },
  'incidents false-positive': { ...STEER, ok: 'taken back' },
  'approvals list': { ...PEOPLE_LIST, ok: 'listed' },
  'approvals show': { ...PEOPLE, ok: 'shown', failed: 'the configuration is wrong' },
  'approvals approve': { ...PEOPLE, ok: 'said; more people may be needed' },
  'approvals reject': { ...PEOPLE, ok: 'rejected' },
  'approvals withdraw': { ...PEOPLE, ok: 'withdrawn' },
  'overrides list': { ...PEOPLE_LIST, ok: 'listed' },
  'overrides open': {
    ...PEOPLE,
    ok: 'in force',
    failed: 'it would reach nothing, too many are in force, or the configuration is wrong',
  },
  'overrides confirm': { ...PEOPLE, ok: 'confirmed' },
  'overrides end': { ...PEOPLE, ok: 'ended' },
  'audit verify': { ...LOG, ok: 'the log is whole', mismatch: 'the log is not what it was' },
  'audit query': { ...LOG, ok: 'listed' },
  'audit export': { ...LOG, ok: 'written' },
  'audit proof': { ...LOG, ok: 'printed', unavailable: 'not under a signed tree head yet' },
  'audit replay': { ...LOG, ok: 'none differs', mismatch: 'one decides otherwise, or its policy set is gone' },
  'audit sufficiency': {
    ...LOG,
    ok: 'no action ran with less trust than it needed',
    failed: 'one ran with less trust than it needed; or the configuration is wrong',
  },
  'audit reviews': { ...LOG, ok: 'none is overdue', failed: 'one is overdue; or the configuration is wrong' },
  'audit review': {
    ...LOG,
    ok: 'recorded',
    not_found: 'no such review',
    refused: 'the token is missing, or names no person who may review',
    unavailable: 'the server does not answer, or the data directory is locked',
  },
  'audit erase': { ...LOG, ok: 'erased', unavailable: 'the data directory is locked' },
}

/** Every command that does something (no group of commands, not `help`), with its path such as `trust show`. */
export function leafCommands(
  program: Command,
  path: readonly string[] = [],
): readonly { readonly path: string; readonly command: Command }[] {
  return program.commands.flatMap((command) => {
    const here = [...path, command.name()]
    const own = { path: here.join(' '), command }
    if (command.commands.length === 0) return [own]
    // A group may do something itself: `simulate` does, beside `simulate trust`.
    return [...(Object.hasOwn(COMMAND_EXITS, own.path) ? [own] : []), ...leafCommands(command, here)]
  })
}

/** Adds the exit codes to the help of every command. */
export function describeExits(program: Command): void {
  for (const { path, command } of leafCommands(program)) command.addHelpText('after', () => exitsText(COMMAND_EXITS[path] ?? {}))
}

function exitsText(exits: CommandExits): string {
  const all: CommandExits = { ...exits, ...COMMON_EXITS }
  const rows = (Object.keys(EXIT_CODES) as Name[]).flatMap((name) => {
    const meaning = all[name]
    return meaning === undefined ? [] : [`  ${String(EXIT_CODES[name]).padEnd(4)}${meaning}`]
  })
  return ['\nExit codes:', ...rows].join('\n')
}
