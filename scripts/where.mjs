// Writes docs/where.md from the tables in the rooms' READMEs: where an everyday change begins. --check: fails if it is not up to date.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import rooms from './rooms.cjs'

const root = join(fileURLToPath(import.meta.url), '..', '..')
const file = join(root, 'docs', 'where.md')
const HEAD = `# Where things are

Where an everyday change begins, room by room, from the bottom of the house to the top. \`make where\` writes this from the tables in the
rooms' READMEs: correct it there.
`

const sections = [...Object.keys(rooms.MAY_IMPORT), ...foldersLeft()].flatMap((room) => {
  const readme = join(root, 'src', room, 'README.md')
  if (!existsSync(readme)) return []
  const lines = readFileSync(readme, 'utf8').split('\n')
  const head = lines.findIndex((line) => /^\| to change(?: …)? *\| start at(?: …)? *\|$/u.test(line))
  if (head < 0) return []
  const end = lines.findIndex((line, index) => index > head && !line.startsWith('|'))
  const table = lines.slice(head, end < 0 ? undefined : end)
  return [`## ${room}\n\n[src/${room}](../src/${room}/README.md)\n\n${table.join('\n')}\n`]
})
const text = `${HEAD}\n${sections.join('\n')}`

if (!process.argv.includes('--check')) writeFileSync(file, text)
else if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
  console.error('docs/where.md is not what the READMEs of the rooms say; run `make where`')
  process.exitCode = 1
}

/** Folders of src that are in no table of rooms, if there are any. */
function foldersLeft() {
  return readdirSync(join(root, 'src'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !Object.hasOwn(rooms.MAY_IMPORT, entry.name))
    .map(({ name }) => name)
    .sort()
}
