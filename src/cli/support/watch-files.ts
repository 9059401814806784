import { type BigIntStats, lstatSync, readdirSync, statSync } from 'node:fs'
import { lstat, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

/** How often watched files are looked at, ms; less often where one look takes more than a tenth of it. */
const WATCH_INTERVAL_MS = 100
/** Folders that are never looked into. */
const SKIPPED = new Set(['node_modules', '.git'])

/**
 * Calls `changed` whenever anything below the paths was written, added, replaced or removed and then stood still for one look; the answer ends it.
 * It looks itself: `fs.watch` of node 24 on Linux loses a file for good once an editor has replaced it by a rename, and tells nothing on network disks.
 * Paths that are not there (yet) are watched all the same.
 */
export function watchFiles(paths: readonly string[], changed: () => void, intervalMs = WATCH_INTERVAL_MS): () => void {
  const ended = new AbortController()
  // The first look is over before anybody can hear that files are watched, so that no change falls between.
  const before = paths.flatMap((path) => linesOfNow(path, statSync)).join('\n')
  void lookAgain({ paths, changed, intervalMs }, before, ended.signal)
  return () => ended.abort()
}

type Watch = { readonly paths: readonly string[]; readonly changed: () => void; readonly intervalMs: number }

async function lookAgain({ paths, changed, intervalMs }: Watch, first: string, ended: AbortSignal): Promise<void> {
  let reported = first
  let before = first
  while (!ended.aborted) {
    const started = performance.now()
    const now = await stateOf(paths)
    if (now === before && now !== reported) {
      reported = now
      changed()
    }
    before = now
    const rest = Math.max(intervalMs, 10 * (performance.now() - started))
    await pause(rest, undefined, { signal: ended }).catch(() => undefined)
  }
}

/** Every file below the paths with what changes when it is written; the times alone miss a second change within one tick of the clock. */
async function stateOf(paths: readonly string[]): Promise<string> {
  const lines = await Promise.all(paths.map((path) => linesOf(path, stat)))
  return lines.flat().join('\n')
}

/** A link among the paths is followed; one below them is a file like any other. */
async function linesOf(path: string, look: typeof lstat): Promise<readonly string[]> {
  const found = await look(path, { bigint: true }).catch(() => undefined)
  if (found?.isDirectory() !== true) return [lineOf(path, found)]
  const names = await readdir(path).catch(() => [])
  const inside = await Promise.all(names.filter((name) => !SKIPPED.has(name)).map((name) => linesOf(join(path, name), lstat)))
  return [path, ...inside.flat()]
}

/** The same lines, without waiting. */
function linesOfNow(path: string, look: typeof lstatSync): readonly string[] {
  const found = orUndefined(() => look(path, { bigint: true }))
  if (found?.isDirectory() !== true) return [lineOf(path, found)]
  const names = orUndefined(() => readdirSync(path)) ?? []
  return [path, ...names.filter((name) => !SKIPPED.has(name)).flatMap((name) => linesOfNow(join(path, name), lstatSync))]
}

function lineOf(path: string, found: BigIntStats | undefined): string {
  return found === undefined ? `${path} is not there` : `${path} ${found.ino} ${found.size} ${found.mtimeNs} ${found.ctimeNs}`
}

function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
