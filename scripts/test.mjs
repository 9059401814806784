// Runs vitest and closes with one plain line, so that a log's reader and a machine see the same count.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const folder = mkdtempSync(join(tmpdir(), 'gradus-test-'))
const report = join(folder, 'report.json')
const run = spawnSync(
  process.execPath,
  [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...process.argv.slice(2),
  ],
  {
    stdio: ['ignore', 'inherit', 'inherit'],
  },
)
let counts
try {
  counts = JSON.parse(readFileSync(report, 'utf8'))
} catch {
  console.error('vitest wrote no report')
}
rmSync(folder, { recursive: true, force: true })
if (counts !== undefined) {
  // A file that fails before its first test has no failed test; it still failed.
  const failed = Math.max(counts.numFailedTests, run.status === 0 ? 0 : 1)
  console.log(`${counts.numPassedTests} passed, ${failed} failed`)
}
process.exit(counts === undefined || counts.numTotalTests === 0 ? 1 : (run.status ?? 1))
