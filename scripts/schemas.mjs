// Writes the JSON Schemas that editors use from the zod schemas; with --check, only says whether they are up to date.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'

import { z } from 'zod'

import { AgentFile, CatalogueFile } from '../dist/catalogue/catalogue-file.js'
import { Config } from '../dist/config/config.js'
import { FixtureFile } from '../dist/fixtures/fixture-file.js'
import { Request } from '../dist/model/request.js'
import { RiskDocument } from '../dist/risk/rule-document.js'
import { AgentSignal, DecisionSignal, ImportLine, SignalAnswer, SignalCloudEvent } from '../dist/evidence/signals/wire.js'
import { DecisionAnswer } from '../dist/decisions/wire.js'
import { IncidentReport } from '../dist/incidents/wire.js'
import { OutcomeReport, SignalReport } from '../dist/evidence/wire.js'

const SCHEMAS = {
  config: Config,
  catalogue: CatalogueFile,
  'agent-file': AgentFile,
  'risk-document': RiskDocument,
  fixture: FixtureFile,
  request: Request,
  'decision-answer': DecisionAnswer,
  'outcome-report': OutcomeReport,
  'signal-report': SignalReport,
  'signal-plain': z.union([DecisionSignal, AgentSignal]),
  'signal-cloud-event': SignalCloudEvent,
  'signal-answer': SignalAnswer,
  'trust-import-line': ImportLine,
  'incident-report': IncidentReport,
}
const check = process.argv.includes('--check')
let stale = 0
mkdirSync('schemas', { recursive: true })
for (const [name, schema] of Object.entries(SCHEMAS)) {
  const file = `schemas/${name}.schema.json`
  const json = { title: `gradus ${name}`, ...z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) }
  const text = `${JSON.stringify(json, null, 2)}\n`
  if (check) {
    if (existsSync(file) && readFileSync(file, 'utf8') === text) continue
    stale += 1
    console.error(`${file} is stale: run "make schemas" and commit`)
  } else writeFileSync(file, text)
}
process.exit(stale === 0 ? 0 : 1)
