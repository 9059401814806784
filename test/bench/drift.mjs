/**
 * What topic drift makes of calls of tools: `node test/bench/drift.mjs FILE`. The file holds suites: [{"name", "catalogue", "calls": [{"kind", "purpose",
 * "tool", "arguments"}]}]. `--show N` prints calls that are asked for or denied.
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

import { CatalogueFile } from '../../src/catalogue/catalogue-file.ts'
import { compileCatalogue } from '../../src/catalogue/catalogue.ts'
import { detect } from '../../src/detect/detect.ts'
import { decidedDigest } from '../../src/detect/digest.ts'
import { DetectSettings } from '../../src/detect/settings.ts'
import { DetectState } from '../../src/detect/state.ts'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { show: { type: 'string', default: '0' }, kind: { type: 'string' } },
})
const settings = DetectSettings.parse({})
const percent = (part, whole) => `${((100 * part) / whole).toFixed(1)} %`
for (const { name, catalogue, calls } of JSON.parse(readFileSync(positionals[0], 'utf8'))) {
  const compiled = compileCatalogue(CatalogueFile.parse(catalogue))
  const table = new Map()
  const startMs = performance.now()
  for (const { kind, purpose, tool, arguments: args } of calls) {
    const action = compiled.classify(tool, { agentId: 'agent', supportedObligations: [], jurisdiction: null, nowMs: 0 })
    const { category, scope, stake } = action
    const about = { kind: 'decided', at_ms: 0, action: tool, scope, stake, category, destructive: false, external: false }
    const raw = { ...about, base_denied: false, ran: false, arguments: args, purpose, vocabulary: compiled.vocabulary }
    const { findings } = detect(DetectState.parse({}), decidedDigest(raw, settings), settings)
    const { verdict, reason } = findings.find(({ detector }) => detector === 'topic_drift')
    const row = table.get(kind) ?? { calls: 0, asked: 0, denied: 0 }
    row.calls += 1
    row.asked += verdict === 'suspicious' ? 1 : 0
    row.denied += verdict === 'anomalous' ? 1 : 0
    table.set(kind, row)
    if (
      (verdict === 'suspicious' || verdict === 'anomalous') &&
      kind === (values.kind ?? kind) &&
      row.asked + row.denied <= Number(values.show)
    )
      console.log(`  ${verdict} ${tool}(${Object.keys(args).join(', ')}) for ${JSON.stringify(purpose.slice(0, 200))}: ${reason}`)
  }
  for (const [kind, { calls: count, asked, denied }] of table)
    console.log(`| ${name} | ${kind} | ${count} | ${percent(asked, count)} | ${percent(denied, count)} |`)
  console.log(`${(((performance.now() - startMs) * 1_000) / calls.length).toFixed(0)} µs per call, all detectors`)
}
