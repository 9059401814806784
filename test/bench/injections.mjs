/**
 * Finds and false alarms of the injection rules over collections of texts that somebody else wrote: `node test/bench/injections.mjs FOLDER [PART]`.
 * Each file of the folder (`*.jsonl`) holds one text a line: {"collection", "kind", "licence", "text", "part"?}; a kind that begins with `honest` should
 * find nothing. `--show N` prints what was got wrong; `--wrap fence|quotes|example` puts each text into a code block, into quotation marks, or after words
 * that call it an example, as an attacker could.
 */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'

import { scanTexts, readInjection } from '../../src/detect/injection/injection.ts'
import { DetectSettings } from '../../src/detect/settings.ts'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    part: { type: 'string' },
    show: { type: 'string', default: '0' },
    only: { type: 'string' },
    wrap: { type: 'string', default: 'bare' },
  },
})
const [folder] = positionals
const { injection } = DetectSettings.parse({})
const WRAPPED = {
  bare: (text) => text,
  fence: (text) => `\`\`\`\n${text}\n\`\`\``,
  quotes: (text) => `"${text}"`,
  example: (text) => `Attackers may write, for example:\n\n> ${text}`,
}
const rows = readdirSync(folder)
  .filter((name) => name.endsWith('.jsonl') && (values.only === undefined || name.includes(values.only)))
  .flatMap((name) =>
    readFileSync(path.join(folder, name), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line)),
  )
  .filter(({ part }) => values.part === undefined || part === undefined || part === values.part)
const table = new Map()
let [chars, spentMs] = [0, 0]
for (const { collection, kind, licence, text } of rows) {
  const startMs = performance.now()
  const scan = scanTexts([{ text: WRAPPED[values.wrap](text), place: '' }], injection, { complete: true })
  spentMs += performance.now() - startMs
  chars += scan.chars
  const reading = readInjection(scan, injection, 'text')
  const isFound = reading.verdict === 'suspicious' || reading.verdict === 'anomalous'
  const row = table.get(collection) ?? { kind, licence, texts: 0, suspicious: 0, anomalous: 0, wrong: [] }
  row.texts += 1
  row.suspicious += isFound ? 1 : 0
  row.anomalous += reading.verdict === 'anomalous' ? 1 : 0
  if (isFound === kind.startsWith('honest')) row.wrong.push({ text, reason: reading.reason })
  table.set(collection, row)
}
const percent = (part, whole) => `${((100 * part) / whole).toFixed(1)} %`
const totals = { attack: { texts: 0, found: 0 }, honest: { texts: 0, found: 0 } }
for (const [collection, { kind, licence, texts, suspicious, anomalous, wrong }] of [...table].sort((a, b) =>
  a[1].kind < b[1].kind ? -1 : 1,
)) {
  console.log(
    `| ${collection} | ${kind} | ${licence} | ${texts} | ${percent(suspicious, texts)} | ${percent(anomalous, texts)} |`,
  )
  for (const one of wrong.slice(0, Number(values.show)))
    console.log(`    ${one.reason.slice(0, 160)}\n      ${JSON.stringify(one.text.slice(-700))}`)
  const total = totals[kind]
  if (total) {
    total.texts += texts
    total.found += suspicious
  }
}
for (const [kind, { texts, found }] of Object.entries(totals))
  if (texts > 0) console.log(`${kind}: ${found} of ${texts} (${percent(found, texts)})`)
console.log(
  `${((spentMs * 1_000) / (chars / 1_000)).toFixed(0)} µs per 1,000 characters, ${chars} characters in ${rows.length} texts`,
)
