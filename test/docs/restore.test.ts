import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { startServer } from '../../src/app/serve.ts'
import type { RunningServer } from '../../src/cli/support/deps.ts'
import type { DecisionAnswer } from '../../src/decisions/wire.ts'
import { fencesOf, REPOSITORY, sectionOf } from './markdown.ts'
import { makeLivedData, setStage } from './stage.ts'

const MERGE = {
  subject: { type: 'agent', id: 'coding-agent' },
  action: { name: 'merge_pr' },
  resource: { type: 'pull_request', id: 'acme/web/7' },
  context: { environment: 'production', facts: { checks_passed: true, complexity: 2 } },
}

let lived: Awaited<ReturnType<typeof makeLivedData>> | undefined
beforeAll(async () => {
  lived = await makeLivedData()
})
afterAll(() => lived?.close())

/** The commands of a section, as the document has them. */
function commandsOf(heading: string): string {
  const section = sectionOf('docs/operations.md', heading)
  const commands = fencesOf('docs/operations.md').filter(({ language, text }) => language === 'sh' && section.includes(text))
  expect(commands.length).toBeGreaterThan(0)
  return commands.map(({ text }) => text).join('\n')
}

/** A folder with a configuration that keeps checkpoints in a second place, and the lived data. */
function place(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gradus-restore-'))
  for (const name of ['policies', 'bundles']) symlinkSync(join(REPOSITORY, name), join(folder, name))
  writeFileSync(
    join(folder, 'gradus.yaml'),
    `http: { anonymous: { vouched: true, verified_facts: [checks_passed, complexity] } }
audit: { checkpoint_file: elsewhere/head, checkpoint_interval_ms: 50 }
`,
  )
  mkdirSync(join(folder, 'elsewhere'))
  if (lived === undefined) throw new Error('there is no demonstration data')
  cpSync(lived.folder, join(folder, 'data'), { recursive: true })
  return folder
}

function open(folder: string, dataDir = 'data', acceptNewCheckpointFile = false): Promise<RunningServer> {
  const options = {
    configFile: 'gradus.yaml',
    listen: '127.0.0.1:0',
    dataDir,
    store: undefined,
    demo: false,
    watch: false,
    acceptNewCheckpointFile,
  }
  return startServer(options, { cwd: folder, version: '0', log: () => undefined, warn: () => undefined })
}

async function post<T>(url: string, path: string, body: unknown, token?: string): Promise<T> {
  const headers = { 'content-type': 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) }
  const answer = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
  if (!answer.ok) throw new Error(await answer.text())
  return (await answer.json()) as T
}

const READ = {
  subject: { type: 'agent', id: 'research-agent' },
  action: { name: 'search_web' },
  resource: { type: 'web', id: 'news' },
}

const decide = (url: string, request: object = MERGE): Promise<DecisionAnswer> => post(url, '/api/v1/decisions', request)

/** Asks, reports that it did harm, and answers the first decision. */
async function harm(url: string, dataDir: string): Promise<DecisionAnswer> {
  const answer = await decide(url)
  await post(
    url,
    '/api/v1/outcomes',
    { decision_id: answer.decision_id, class: 'harmful' },
    readFileSync(join(dataDir, 'operator.token'), 'utf8').trim(),
  )
  return answer
}

describe('the documented backup', () => {
  it('taken beside a deciding server holds everything acknowledged before it, and restores to where trust stood', async () => {
    const stage = await setStage(lived?.folder ?? '')
    const url = `http://${stage.address}`
    try {
      const before = await decide(url)
      expect(before.outcome).toBe('allow_guarded')
      // Decisions go on while the copy is made.
      const copying = { done: false }
      const asked: DecisionAnswer[] = []
      const asking = (async () => {
        while (!copying.done) asked.push(await decide(url, READ))
      })()
      const backup = await stage.run(commandsOf('Backup'))
      copying.done = true
      await asking
      expect(backup.code, backup.stderr).toBe(0)
      expect(asked.length).toBeGreaterThan(0)
      expect(asked.every(({ recorded }) => recorded)).toBe(true)

      await harm(url, join(stage.folder, 'data'))
      expect((await decide(url)).outcome).toBe('require_approval')

      const restore = await stage.run(commandsOf('Restore'))
      expect(restore.code, restore.stderr).toBe(0)
      const known = await stage.run(`npx gradus audit query --data-dir restored --decision ${before.decision_id} --json`)
      expect(known.stdout).toContain(before.decision_id)
      // What came after the backup is not there: the agent stands where it stood.
      const restored = await stage.run('npx gradus trust show coding-agent --data-dir restored --json')
      expect(restored.code, restored.stderr).toBe(0)
      expect(restored.stdout).toMatch(/"level_effective":\s*3/u)
      const now = await stage.run('npx gradus trust show coding-agent --data-dir data --json')
      expect(now.stdout).toMatch(/"level_effective":\s*2/u)
    } finally {
      await stage.close()
    }
  })

  it('is refused where a newer checkpoint was kept elsewhere, until somebody moves that away and says so', async () => {
    const folder = place()
    try {
      await expect(open(folder)).rejects.toMatchObject({ fix: expect.stringContaining('--accept-new-checkpoint-file') as string })
      const first = await open(folder, 'data', true)
      await decide(first.url)
      await first.close()
      cpSync(join(folder, 'data'), join(folder, 'old'), { recursive: true })
      const second = await open(folder)
      await decide(second.url)
      await second.close()

      await expect(open(folder, 'old')).rejects.toMatchObject({ code: 'store_rolled_back' })
      renameSync(join(folder, 'elsewhere', 'head'), join(folder, 'elsewhere', 'evidence'))
      await expect(open(folder, 'old')).rejects.toMatchObject({ code: 'store_rolled_back' })
      const restored = await open(folder, 'old', true)
      expect((await decide(restored.url)).recorded).toBe(true)
      await restored.close()
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

describe('a restart', () => {
  it('loses nothing acknowledged and goes on where trust and log stood', async () => {
    const folder = place()
    try {
      const before = await open(folder, 'data', true)
      await expect(open(folder)).rejects.toMatchObject({ code: 'store_locked' })
      // Requests are under way while the server stops: each is answered and recorded, or not taken at all.
      const harmed = await harm(before.url, join(folder, 'data'))
      const underWay = Promise.allSettled(Array.from({ length: 32 }, () => decide(before.url, READ)))
      await Promise.race([underWay, new Promise((resolve) => setTimeout(resolve, 20))])
      await before.close()
      const answered = (await underWay).flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
      expect(answered.every(({ recorded }) => recorded)).toBe(true)

      const after = await open(folder)
      const next = await decide(after.url)
      expect(next.outcome).toBe('require_approval')
      expect(next.leaf_index).toBeGreaterThan(
        Math.max(harmed.leaf_index ?? 0, ...answered.map(({ leaf_index }) => leaf_index ?? 0)),
      )
      const token = readFileSync(join(folder, 'data', 'operator.token'), 'utf8').trim()
      for (const { decision_id } of [harmed, ...answered]) {
        const record = await fetch(`${after.url}/api/v1/audit/records/${decision_id}`, {
          headers: { authorization: `Bearer ${token}` },
        })
        expect(record.status).toBe(200)
      }
      await after.close()
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
