import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { chromium, type Browser } from 'playwright-core'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome']

/** The system's Chromium: what `GRADUS_CHROMIUM` names, or the first on the path. */
export function findChromium(env: NodeJS.ProcessEnv = process.env): string {
  const named = env['GRADUS_CHROMIUM']
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  const candidates = named === undefined ? NAMES.flatMap((name) => folders.map((folder) => join(folder, name))) : [named]
  const found = candidates.find(isExecutable)
  if (found !== undefined) return found
  const missing = named === undefined ? 'Chromium is missing' : `GRADUS_CHROMIUM names ${named}, which cannot be run`
  throw new Error(`${missing}: run "apt-get install chromium", or set GRADUS_CHROMIUM to a Chromium`)
}

/** A real browser. A container's root has no sandbox to run it in. */
export function launchChromium(): Promise<Browser> {
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  return chromium.launch({ executablePath: findChromium(), args })
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
