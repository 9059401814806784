import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

import { test } from 'vitest'

test('the tables of docs/signals.md are those of the classes', () => {
  const root = join(import.meta.dirname, '..', '..')
  execFileSync(process.execPath, [join(root, 'scripts', 'signals.mjs'), '--check'], { cwd: root, stdio: 'pipe' })
})
