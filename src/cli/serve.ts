import { ServiceError } from '../format/error.ts'
import type { CliDeps, ServeOptions } from './deps.ts'
import { EXIT_CODES, type ExitCode } from './exit-codes.ts'
import { errorText, escapeLine, escapeText, jsonText } from './output.ts'

/** Serves until the process is asked to end, then drains; says where first, as text or as one line of JSON. SIGHUP loads the policies again; broken ones leave the last good ones in force. */
export async function serveCommand(deps: CliDeps, options: ServeOptions, asJson: boolean): Promise<ExitCode> {
  const server = await deps.serve(options)
  const { url, dataDir, notes } = server
  deps.stdout(
    asJson
      ? `${jsonText({ version: deps.version.gradus, url, data_dir: dataDir, notes }, 0)}\n`
      : `gradus ${deps.version.gradus} listens on ${url}\n${notes.map((note) => `${escapeLine(note)}\n`).join('')}`,
  )
  deps.onHangup(() => void reload(deps, server.reload))
  await deps.stopped
  deps.stderr('finishing what is under way\n')
  await server.close()
  return EXIT_CODES.ok
}

async function reload(deps: CliDeps, again: () => Promise<string>): Promise<void> {
  try {
    deps.stderr(`policies in force: ${escapeLine(await again())}\n`)
  } catch (error) {
    const text =
      error instanceof ServiceError ? errorText(error) : escapeText(error instanceof Error ? error.message : String(error))
    deps.stderr(`the policies in force stay as they are: ${text}\n`)
  }
}
