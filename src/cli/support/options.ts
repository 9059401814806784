import type { Command } from 'commander'

/** `--config`. */
export function configOption(command: Command): Command {
  return command.option('-c, --config <file>', 'configuration (gradus.yaml)')
}

/** The options of a command that looks into a data directory. */
export function dataDirOptions(command: Command): Command {
  return configOption(command).option('-d, --data-dir <dir>', 'data directory; that of the configuration when absent')
}

/** `--server` and `--token-file`; `whose` says whose token it is. */
export function serverOptions(command: Command, whose: string): Command {
  return command
    .option('--server <url>', 'the server to ask; the one that runs on the data directory when absent')
    .option('--token-file <file>', `token of ${whose}`)
}

/** The options of a command that works through a server only, as the person of the token. */
export function peopleOptions(command: Command): Command {
  return serverOptions(dataDirOptions(command), 'the person').option('--json', 'as JSON', false)
}

/** The same, with a reason that is kept. */
export function reasonedOptions(command: Command): Command {
  return peopleOptions(command).requiredOption('--reason <text>', 'why; kept in the record')
}

/** Which part of an agent is meant. */
export function partOptions(command: Command): Command {
  return command
    .option('--scope <scope>', 'only this scope, such as crm:full or crm')
    .option('--action <name>', 'only this action')
}

/** Gathers the values of an option that may be repeated. */
export function collect(value: string, before: readonly string[]): string[] {
  return [...before, value]
}
