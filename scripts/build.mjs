// Compiles src/ to dist/. A build that changed nothing takes well under a second, because tsc keeps its state.
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'

if (process.argv.includes('--clean')) rmSync('dist', { recursive: true, force: true })
const run = spawnSync(
  process.execPath,
  [
    'node_modules/typescript/bin/tsc',
    '-p',
    'tsconfig.build.json',
    '--incremental',
    '--tsBuildInfoFile',
    'node_modules/.cache/tsbuildinfo.json',
  ],
  { stdio: 'inherit' },
)
process.exit(run.status ?? 1)
