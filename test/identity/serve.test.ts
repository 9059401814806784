import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, describe, expect, test } from 'vitest'

import { startServer } from '../../src/app/serve.ts'
import { REPOSITORY } from '../docs/markdown.ts'
import { post } from '../http/support.ts'
import { AUDIENCE, ISSUER, keyOf, sign } from './support.ts'

const folder = mkdtempSync(join(tmpdir(), 'serve-identity-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const CONFIGURATION = `
policies: ${JSON.stringify(join(REPOSITORY, 'policies'))}
bundles: ${JSON.stringify(join(REPOSITORY, 'bundles'))}
store: { engine: memory }
trust: { promotion_interval_seconds: 0 }
identity:
  issuers:
    - { id: idp, issuer: "${ISSUER}", audiences: [${AUDIENCE}], jwks_file: keys/jwks.json, algorithms: [ES256], subject: agent }
`
const options = {
  configFile: 'gradus.yaml',
  listen: '127.0.0.1:0',
  dataDir: undefined,
  store: undefined,
  demo: false,
  watch: false,
}
const around = { cwd: folder, version: '0', log: () => undefined, warn: () => undefined }

describe('a server with an issuer', () => {
  test('reads its keys beside the configuration, decides for whom a token names, and for nobody else', async () => {
    const key = await keyOf('ES256')
    writeFileSync(join(folder, 'gradus.yaml'), CONFIGURATION.replace('keys/', ''))
    writeFileSync(join(folder, 'jwks.json'), JSON.stringify({ keys: [key.jwk] }))
    const server = await startServer(options, around)
    try {
      const seconds = Math.floor(Date.now() / 1_000)
      const bearer = { authorization: `Bearer ${await sign({ iat: seconds, exp: seconds + 60 }, key.secret)}` }
      const ask = (agent: string) =>
        post(
          `${server.url}/api/v1/decisions`,
          { subject: { type: 'agent', id: agent }, action: { name: 'tag_email' }, resource: { type: 'email', id: 'one' } },
          bearer,
        )
      expect((await ask('support-agent')).body).toMatchObject({ outcome: 'deny', base: 'allow', recorded: true })
      expect((await ask('research-agent')).status).toBe(403)
    } finally {
      await server.close()
    }
  })

  test('does not start without the keys that it is told to read', async () => {
    writeFileSync(join(folder, 'gradus.yaml'), CONFIGURATION)
    await expect(startServer(options, around)).rejects.toMatchObject({
      code: 'bad_config',
      place: { file: join(folder, 'keys', 'jwks.json') },
    })
  })
})
