import { type Command, Option } from 'commander'

import { RevocationClass } from '../incidents/wire.ts'
import { agentsPause, agentsResume, agentsRevoke } from './agents.ts'
import { commonOf, served, type ServedOptions } from './commands-people.ts'
import { containAdd, containLift, containList, containmentTarget } from './contain.ts'
import type { CliDeps } from './deps.ts'
import type { Ending } from './exit-codes.ts'
import { incidentsList, incidentsRaise, incidentsReview, incidentsShow } from './incidents.ts'
import { trustDemote } from './trust-demote.ts'

type Reasoned = ServedOptions & { reason: string }
type Part = ServedOptions & { scope?: string; action?: string }

/** Commands by which operators steer: agents, containments, incidents. */
export function addSteeringCommands(program: Command, deps: CliDeps, ending: Ending): void {
  addAgents(program.command('agents').description('steer an agent: pause, resume, revoke'), deps, ending)
  addContain(program.command('contain').description('what is out of service: list, add, lift'), deps, ending)
  addIncidents(program.command('incidents').description('incidents: list, show, raise, review, false-positive'), deps, ending)
}

/** Adds `demote` to the commands about trust. */
export function addDemote(trust: Command, deps: CliDeps, ending: Ending): void {
  reasoned(trust.command('demote').description('takes the rungs above a level away, as the person of the token'))
    .argument('<agent>', 'id of the agent')
    .argument('<scope>', 'such as crm:full')
    .requiredOption('--to <level>', 'the highest level that stays, such as L1')
    .action(async (agent: string, scope: string, options: Reasoned & { to: string }) => {
      const { to, reason } = options
      ending.code = await trustDemote(deps, { ...commonOf(options), agent, scope, to, reason })
    })
}

function addAgents(agents: Command, deps: CliDeps, ending: Ending): void {
  part(reasoned(agents.command('pause').description('takes an agent, or a part of it, out of service at once')))
    .argument('<agent>', 'id of the agent')
    .action(async (agent: string, options: Part & Reasoned) => {
      const { scope, action, reason } = options
      ending.code = await agentsPause(deps, agent, { ...commonOf(options), scope, action, reason })
    })
  part(served(agents.command('resume').description('lifts what a person paused, and says what still holds the agent')))
    .argument('<agent>', 'id of the agent')
    .action(async (agent: string, options: Part) => {
      const { scope, action } = options
      ending.code = await agentsResume(deps, agent, { ...commonOf(options), scope, action })
    })
  reasoned(agents.command('revoke').description('stops an agent altogether until a person has reviewed it'))
    .argument('<agent>', 'id of the agent')
    .addOption(
      new Option('--class <class>', 'why it is stopped').choices(RevocationClass.options).default('credential_compromise'),
    )
    .action(async (agent: string, options: Reasoned & { class: RevocationClass }) => {
      const { reason, class: of } = options
      ending.code = await agentsRevoke(deps, agent, { ...commonOf(options), reason, class: of })
    })
}

function addContain(contain: Command, deps: CliDeps, ending: Ending): void {
  served(contain.command('list').description('what is out of service')).action(async (options: ServedOptions) => {
    ending.code = await containList(deps, commonOf(options))
  })
  part(reasoned(contain.command('add').description('takes an action, a scope, an agent or the tenant out of service at once')))
    .option('--agent <agent>', 'the agent, or whose scope or action')
    .option('--tenant', 'everything of the tenant of the token', false)
    .action(async (options: Part & Reasoned & { agent?: string; tenant: boolean }) => {
      const { agent, scope, action, tenant, reason } = options
      ending.code = await containAdd(deps, containmentTarget({ agent, scope, action, tenant }), { ...commonOf(options), reason })
    })
  served(contain.command('lift').description('puts a containment out of force'))
    .argument('<containment>', 'id of the containment')
    .action(async (id: string, options: ServedOptions) => {
      ending.code = await containLift(deps, id, commonOf(options))
    })
}

function addIncidents(incidents: Command, deps: CliDeps, ending: Ending): void {
  served(incidents.command('list').description('incidents that still bound an agent, what waits for a person first'))
    .option('--agent <agent>', 'only those of this agent')
    .option('--state <state>', 'open (waits for a review) or recovering')
    .action(async (options: ServedOptions & { agent?: string; state?: string }) => {
      const { agent, state } = options
      ending.code = await incidentsList(deps, { ...commonOf(options), agent, state })
    })
  served(incidents.command('show').description('one incident: what it caps where, and what lifts it'))
    .argument('<incident>', 'id of the incident')
    .action(async (id: string, options: ServedOptions) => {
      ending.code = await incidentsShow(deps, id, commonOf(options))
    })
  reasoned(incidents.command('raise').description('caps the trust of an agent at once'))
    .argument('<agent>', 'id of the agent')
    .argument('<class>', 'such as injection_suspected')
    .option('--scope <scope>', 'where the class reaches one scope')
    .option('--cap <score>', 'a lower cap than that of the class')
    .action(async (agent: string, of: string, options: Reasoned & { scope?: string; cap?: string }) => {
      const { reason, scope, cap } = options
      ending.code = await incidentsRaise(deps, agent, { ...commonOf(options), class: of, reason, scope, cap })
    })
  for (const [name, falsePositive, description] of [
    ['review', false, 'it happened, and a person looked: from now on the agent earns again'],
    ['false-positive', true, 'it did not happen: gives back what the incident took'],
  ] as const)
    reasoned(incidents.command(name).description(description))
      .argument('<incident>', 'id of the incident')
      .action(async (id: string, options: Reasoned) => {
        ending.code = await incidentsReview(deps, id, { ...commonOf(options), reason: options.reason, falsePositive })
      })
}

function reasoned(command: Command): Command {
  return served(command).requiredOption('--reason <text>', 'why; kept in the record')
}

function part(command: Command): Command {
  return command
    .option('--scope <scope>', 'only this scope, such as crm:full or crm')
    .option('--action <name>', 'only this action')
}
