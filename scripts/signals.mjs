// Writes the tables of docs/signals.md from the classes, their schemas and the forms of alerts; with --check, only says whether they are up to date.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { z } from 'zod'

import { FORMS } from '../src/evidence/signals/mapping/forms.ts'
import { isStateClass, SIGNAL_TABLE } from '../src/model/signal-classes.ts'
import { DEFAULT_TRUST_CONSTANTS } from '../src/trust/default-constants.ts'
import { signalDataOf } from '../src/model/signal-data.ts'

const FILE = fileURLToPath(new URL('../docs/signals.md', import.meta.url))
const BEGIN = '<!-- made by `node scripts/signals.mjs`: begin -->'
const END = '<!-- end -->'
const FORMS_BEGIN = '<!-- made by `node scripts/signals.mjs`: forms -->'
const FORMS_END = '<!-- end of forms -->'

/** `κ 2`, or that of good evidence; a dash where it is none. */
const weightOf = (gravity) => {
  if (gravity === 'none') return '–'
  return gravity === 'positive' ? 'ρ·η, 1 at most' : `κ ${DEFAULT_TRUST_CONSTANTS.severity_weights[gravity]}`
}
const typeOf = ({ enum: values, format, type, minimum, maximum, $ref, anyOf }) => {
  if (values !== undefined) return values.map((value) => `\`${value}\``).join(', ')
  if ($ref !== undefined || anyOf !== undefined || type === undefined) return 'any JSON'
  if (format === 'date-time') return 'time'
  return minimum === undefined || maximum === undefined ? type : `${type} ${minimum}–${maximum}`
}
const membersOf = (name) => {
  const { properties = {}, required = [] } = z.toJSONSchema(signalDataOf(name), { io: 'input' })
  return Object.entries(properties)
    .filter(([member]) => member !== 'detail')
    .map(([member, schema]) => `\`${member}\`${required.includes(member) ? '' : '?'} ${typeOf(schema)}`)
    .join('; ')
}
const names = Object.keys(SIGNAL_TABLE)
const classes = names.map((name) => {
  const { layer, about, gravity, meaning, does } = SIGNAL_TABLE[name]
  return `| \`${name}\` | ${layer === 'named' ? 'the one it names' : layer} | ${about} | ${meaning} | ${weightOf(gravity)} | ${does} |`
})
const data = names.filter(isStateClass).map((name) => `| \`${name}\` | ${membersOf(name) || '–'} |`)
const made = [
  '| class | layer | about | meaning | default weight | what it does |',
  '|---|---|---|---|---|---|',
  ...classes,
  '',
  'The data of each class about an agent or a session; `?` may be left out, and each may have a `detail` of any JSON. Those of a',
  `judgement are ${membersOf('clean')}; those of an outcome ${membersOf('failed')}.`,
  '',
  '| class | data |',
  '|---|---|',
  ...data,
].join('\n')
const pointersOf = (place) => place.at.map((pointer) => `\`${pointer}\``).join(', ')
const forms = [
  '| form | agent | session | decision | severity |',
  '|---|---|---|---|---|',
  ...Object.entries(FORMS).map(
    ([name, { agent, session, decision, severity }]) =>
      `| \`${name}\` | ${[agent, session, decision, severity].map(pointersOf).join(' | ')} |`,
  ),
].join('\n')
/** The text with what is made between two marks. */
const between = (text, [begin, end], lines) => {
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from === -1 || to < from) throw new Error(`${FILE} has no place for the tables: ${begin} … ${end}`)
  return `${text.slice(0, from)}${begin}\n\n${lines}\n\n${text.slice(to)}`
}
const text = readFileSync(FILE, 'utf8')
const next = between(between(text, [BEGIN, END], made), [FORMS_BEGIN, FORMS_END], forms)
if (!process.argv.includes('--check')) writeFileSync(FILE, next)
else if (next !== text) {
  console.error('docs/signals.md is stale: run "node scripts/signals.mjs" and commit')
  process.exit(1)
}
