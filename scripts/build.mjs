// Compiles src/ to dist/. A build that changed nothing takes well under a second, because tsc keeps its state.
import { spawnSync } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'

const STATE = 'node_modules/.cache/tsbuildinfo.json'
if (process.argv.includes('--clean')) rmSync('dist', { recursive: true, force: true })
// The state says what was written; where that is gone, all of it has to be written again.
if (!existsSync('dist/main.js')) rmSync(STATE, { force: true })
const run = spawnSync(
  process.execPath,
  ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--incremental', '--tsBuildInfoFile', STATE],
  { stdio: 'inherit' },
)
process.exit(run.status ?? 1)
