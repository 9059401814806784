import { availableParallelism } from 'node:os'

import { defineConfig } from 'vitest/config'

/** What a wrong answer would come from is covered whole. */
const whole = { statements: 100, branches: 100, functions: 100, lines: 100 }

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // What hangs ends; on a machine that does ten things at once a test may take its time.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // Much of a test is waiting for a server, a browser or a disk: by default two cores get one worker only.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      reporter: ['text-summary', 'json-summary'],
      thresholds: {
        'src/lattice/**': whole,
        'src/trust/**': whole,
        'src/detect/**': whole,
        'src/risk/**': whole,
        'src/pdp/**': whole,
        'src/catalogue/**': whole,
        'src/ledger/fold/**': whole,
        'src/ladder/rules/**': whole,
        'src/approvals/rules/**': whole,
        'src/decisions/rules/**': whole,
        'src/evidence/rules/**': whole,
        'src/incidents/rules/**': whole,
      },
    },
  },
})
