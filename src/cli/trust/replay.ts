import type { Command } from 'commander'

import { ServiceError } from '../../format/error.ts'
import { readText } from '../../format/read-text.ts'
import { DEFAULT_TRUST_CONSTANTS } from '../../trust/default-constants.ts'
import { parseTrustEvents } from '../../trust/history/events.ts'
import { replay } from '../../trust/history/replay.ts'
import { LOG_EXITS } from '../support/command-exits.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { parseTime } from '../support/option-values.ts'

/** Options of `gradus trust replay`. */
export type TrustReplayOptions = { readonly file: string; readonly at: string | undefined; readonly json: boolean }

/** Adds `gradus trust replay`. */
export function addTrustReplay(trust: Command, cli: Cli): void {
  const command = trust
    .command('replay')
    .description('replay a history of events and print what it comes to')
    .argument('<file>', 'JSON array or JSON lines of events, in order of processing; "-" is standard input')
    .option('--at <time>', 'read at this time (ISO 8601); the last event when absent')
    .option('--json', 'on one line', false)
  const exits = { ok: 'replayed', failed: 'the history is wrong', not_found: 'no such file', io: LOG_EXITS.io }
  examples(command, 'gradus trust replay history.yaml')
  runs(command, cli, exits, (file: string, options: Omit<TrustReplayOptions, 'file'>) =>
    trustReplay(cli.deps, { ...options, file }),
  )
}

/** Replays one scope's history and prints exactly what `replay()` answers; `--json` on one line. The time of reading defaults to the last event. */
async function trustReplay(deps: CliDeps, options: TrustReplayOptions): Promise<ExitCode> {
  const { name, text } = await readText(deps, options.file)
  const { values, lines } = readHistory(name, text)
  const events = parsed(name, values, lines)
  const last = events.at(-1)
  if (options.at === undefined && last === undefined)
    throw new ServiceError('bad_request', 'the history is empty, so there is no time to read it at', {
      place: { file: name },
      fix: 'give the time with --at',
    })
  const readAtMs = options.at === undefined ? latestOf(events) : Date.parse(parseTime(options.at))
  const answer = replay(events, readAtMs, DEFAULT_TRUST_CONSTANTS)
  deps.stdout(`${JSON.stringify(answer, null, options.json ? 0 : 2)}\n`)
  return EXIT_CODES.ok
}

type History = { readonly values: readonly unknown[]; readonly lines: readonly number[] | undefined }

/** A JSON array, or JSON lines; of lines the numbers are kept, for errors. */
function readHistory(file: string, text: string): History {
  if (text.trimStart().startsWith('[')) {
    try {
      return { values: JSON.parse(text) as readonly unknown[], lines: undefined }
    } catch (error) {
      throw new ServiceError('bad_request', (error as Error).message, {
        place: { file, ...placeIn(text, error as Error) },
        fix: 'mend the JSON syntax',
      })
    }
  }
  const rows = text.split('\n').flatMap((line, at) => (line.trim() === '' ? [] : [{ line, number: at + 1 }]))
  const values = rows.map(({ line, number }): unknown => {
    try {
      return JSON.parse(line)
    } catch (error) {
      throw new ServiceError('bad_request', (error as Error).message, {
        place: { file, line: number },
        fix: 'put one JSON object on each line, or all of them into one JSON array',
      })
    }
  })
  return { values, lines: rows.map(({ number }) => number) }
}

/** Line and column where V8's message names an offset. */
function placeIn(text: string, error: Error): { readonly line: number; readonly column: number } | object {
  const offset = /position (\d+)/u.exec(error.message)?.[1]
  if (offset === undefined) return {}
  const before = text.slice(0, Number(offset))
  return { line: before.split('\n').length, column: Number(offset) - before.lastIndexOf('\n') }
}

function parsed(file: string, values: readonly unknown[], lines: readonly number[] | undefined) {
  try {
    return parseTrustEvents(values)
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error
    const index = /^\/(\d+)/u.exec(error.place.pointer ?? '')?.[1]
    const line = index === undefined ? undefined : lines?.[Number(index)]
    throw new ServiceError(error.code, error.message, {
      place: { ...error.place, file, line },
      ...(error.fix === undefined ? {} : { fix: error.fix }),
      cause: error,
    })
  }
}

/** The latest time of all events: processing never runs backwards, so a late event does not take the clock back. */
function latestOf(events: readonly { readonly atMs: number }[]): number {
  return events.reduce((latest, { atMs }) => Math.max(latest, atMs), -Infinity)
}
