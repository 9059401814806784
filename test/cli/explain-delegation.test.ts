import { afterAll, describe, expect, it } from 'vitest'

import { folder, run } from './harness.ts'

const files = folder()
afterAll(files.remove)

/** A fixture of an agent that acts for somebody. */
const behalf = (type: string, id: string): string =>
  files.write(
    `${type}-${id}.yaml`,
    `name: behalf
given: { agent: coding-agent, trust: { score: 0.85 }, caller: { human_subject_types: [user] } }
request: { action: open_pr, resource: repository/app, context: { on_behalf_of: { type: ${type}, id: ${id} } } }
want: { outcome: deny }
`,
  )

describe('gradus explain of an agent that acts for a person', () => {
  it('shows what the base answers each, and who lacks the permission', async () => {
    const { out } = await run(['explain', `${behalf('user', 'frank')}#behalf`])
    expect(out).toContain(
      'base   agent/coding-agent: allow, permitted to role coding_agent\nbase   user/frank: deny, no role permits this action on this resource\n',
    )
    expect(out).toContain('give user/frank this permission in the static policy, or ask about the agent alone')
  })

  it('says the same as JSON', async () => {
    const { out } = await run(['explain', `${behalf('user', 'frank')}#behalf`, '--json'])
    expect(JSON.parse(out)).toMatchObject({
      bases: [
        { who: 'agent/coding-agent', base: { outcome: 'allow' } },
        { who: 'user/frank', base: { outcome: 'deny' } },
      ],
      remedies: [{ source: 'base' }],
    })
  })

  it('says where a team that nobody answers for has to be described', async () => {
    const { out } = await run(['explain', `${behalf('team', 'nobody')}#behalf`])
    expect(out).toContain('chain_unknown_team')
    expect(out).toContain('Describe the team "nobody" in the catalogue (teams: NAME: { owner: … })')
    expect((await run(['explain', `${behalf('team', 'platform')}#behalf`])).out).toContain('allow: no_other_links')
  })
})
